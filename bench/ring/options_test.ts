import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../../tools/tool.ts";
import { OPTIONS } from "./options.ts";

Deno.test("without options the results go into the documents", async () => {
  const { rounds, turn, out, quick } = await OPTIONS.read([]) ?? {};
  assertEquals({ rounds, turn, out, quick }, {
    ...{ rounds: 15, turn: 5, out: "docs/bench", quick: false },
  });
});

Deno.test("a quick run is short, apart from the documents", async () => {
  const { rounds, turn, out } = await OPTIONS.read(["--quick"]) ?? {};
  assertEquals({ rounds, turn, out }, { rounds: 5, turn: 3, out: ".run/bench-ring" });
});

Deno.test("a number out of bounds is refused with the option, its bounds and the value", async () => {
  const error = await assertRejects(() => OPTIONS.read(["--rounds", "0"]), ToolError);
  const [message] = error.message.split("\n");
  assertEquals(message, '--rounds must be a whole number from 1 to 1000; got "0"');
});
