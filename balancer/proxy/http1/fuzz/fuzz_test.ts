import { assert, assertEquals, assertThrows } from "@std/assert";
import { fuzz } from "./fuzz.ts";
import { FuzzError } from "./fuzz_compare.ts";
import { chunkedBody, requestHead, responseHead } from "./fuzz_messages.ts";
import { Random } from "./fuzz_random.ts";

const INPUTS = 1_000_000;

Deno.test("A million damaged messages are parsed as the reference parses them", () => {
  const result = fuzz(INPUTS, 20260101);
  assertEquals(result.inputs, INPUTS);
  assert(result.accepted > INPUTS / 10, `only ${result.accepted} were accepted`);
});

Deno.test("The same seed gives the same inputs, another seed different ones", () => {
  const messages = (seed: number) => {
    const random = new Random(seed);
    return [requestHead(random), responseHead(random), chunkedBody(random)];
  };
  assertEquals(messages(1), messages(1));
  assert(messages(1).join() !== messages(2).join());
});

Deno.test("A disagreement shows the input byte for byte", () => {
  assertThrows(
    () => {
      throw new FuzzError("end of the head", "a\n\0");
    },
    FuzzError,
    'end of the head: "a\\n\\u0000"',
  );
});
