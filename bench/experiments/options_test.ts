import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../../tools/tool.ts";
import { OPTIONS } from "./options.ts";

Deno.test("without options all parts run with processes, and the report goes to docs", async () => {
  const options = { only: [], engine: "process", out: "docs", report: false };
  assertEquals<unknown>(await OPTIONS.read([]), options);
});

Deno.test("parts are chosen by name, in any case", async () => {
  const given = await OPTIONS.read(["--only", "a-1, Stress"]);
  assertEquals(given?.only, ["A-1", "stress"]);
});

const PARTS = "A-1, A-2, A-3, A-4, stress, B-1, B-2";
for (
  const [args, message] of [
    [["--only", "A-9"], `--only must be one or more of ${PARTS}; got "A-9"`],
    [["--only", ""], `--only must be one or more of ${PARTS}; got ""`],
    [["--engine", "podman"], '--engine must be process or docker; got "podman"'],
    [["--stress", "0"], '--stress must be a whole number from 1 to 20000; got "0"'],
    [["--out", "/etc"], '--out must be docs or a folder in .run; got "/etc"'],
    [["--out", ".run/../x"], '--out must be docs or a folder in .run; got ".run/../x"'],
    [["--rounds", "3"], "unknown option '--rounds'"],
  ] as const
) {
  Deno.test(`${args.join(" ")} is refused with the values that are accepted`, async () => {
    const error = await assertRejects(() => OPTIONS.read(args), ToolError, message);
    assertEquals(error.exitCode, 2);
  });
}
