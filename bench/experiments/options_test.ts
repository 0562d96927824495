import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "../../tools/tool.ts";
import { readOptions } from "./options.ts";

const PARTS = ["A-1", "A-2", "stress"];

Deno.test("without options all parts run with processes, and the report goes to docs", () => {
  const options = { only: [], engine: "process", out: "docs", report: false, help: false } as const;
  assertEquals(readOptions([], PARTS), options);
});

Deno.test("parts are chosen by name, whatever its case", () => {
  assertEquals(readOptions(["--only", "a-1, Stress"], PARTS).only, ["A-1", "stress"]);
});

for (
  const [args, message] of [
    [["--only", "A-9"], '--only must be one or more of A-1, A-2, stress; got "A-9"'],
    [["--only", ""], '--only must be one or more of A-1, A-2, stress; got ""'],
    [["--engine", "podman"], '--engine must be process or docker; got "podman"'],
    [["--stress", "0"], '--stress must be a whole number from 1 to 20000; got "0"'],
    [["--out", "/etc"], '--out must be docs or a folder in .run; got "/etc"'],
    [["--out", ".run/../x"], '--out must be docs or a folder in .run; got ".run/../x"'],
    [["--rounds", "3"], "unknown option '--rounds'"],
  ] as const
) {
  Deno.test(`${args.join(" ")} is refused with what would be accepted`, () => {
    const error = assertThrows(() => readOptions(args, PARTS), ToolError, message);
    assertEquals(error.exitCode, 2);
  });
}
