import { assertEquals } from "@std/assert";
import { isOutOfFiles } from "./out_of_files.ts";

function coded(code: string): Error {
  return Object.assign(new Error("x"), { code });
}

Deno.test("a lack of files is told by its code, also as the cause of something else", () => {
  const cause = new Error("cannot start", { cause: coded("ENFILE") });
  assertEquals([coded("EMFILE"), cause].map(isOutOfFiles), [true, true]);
  const others = [coded("ECONNREFUSED"), new Error("EMFILE"), "EMFILE", undefined];
  assertEquals(others.map(isOutOfFiles), [false, false, false, false]);
});
