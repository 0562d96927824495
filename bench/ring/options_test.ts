import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "../../tools/tool.ts";
import { readOptions } from "./options.ts";

Deno.test("without options the results go into the documents", () => {
  const { rounds, out, readme, quick } = readOptions([]);
  const expected = { rounds: 15, out: "docs/bench", readme: true, quick: false };
  assertEquals({ rounds, out, readme, quick }, expected);
});

Deno.test("a quick run leaves the documents alone", () => {
  const { rounds, out, readme } = readOptions(["--quick"]);
  assertEquals({ rounds, out, readme }, { rounds: 5, out: ".run/bench-ring", readme: false });
});

Deno.test("a number out of bounds is refused with the option, its bounds and the value", () => {
  const error = assertThrows(() => readOptions(["--rounds", "0"]), ToolError);
  assertEquals(
    error.message.split("\n")[0],
    '--rounds must be a whole number from 1 to 1000; got "0"',
  );
});
