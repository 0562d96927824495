import { assertEquals } from "@std/assert";
import { isOutOfFiles, surviveOutOfFiles } from "./out_of_files.ts";

function coded(code: string): Error {
  return Object.assign(new Error("x"), { code });
}

Deno.test("exhausted descriptors are recognized by their code, also as the cause of another error", () => {
  const cause = new Error("cannot start", { cause: coded("ENFILE") });
  assertEquals([coded("EMFILE"), cause].map(isOutOfFiles), [true, true]);
  const others = [coded("ECONNREFUSED"), new Error("EMFILE"), "EMFILE", undefined];
  assertEquals(others.map(isOutOfFiles), [false, false, false, false]);
});

Deno.test("an unhandled rejection ends the thread, unless files ran out", () => {
  const recorded: unknown[] = [];
  const forget = surviveOutOfFiles((error) => recorded.push(error));
  const prevented = (reason: unknown) => {
    const promise = Promise.resolve();
    const event = new PromiseRejectionEvent("unhandledrejection", {
      promise,
      reason,
      cancelable: true,
    });
    return !globalThis.dispatchEvent(event);
  };
  const spent = Object.assign(new Error("Too many open files"), { code: "EMFILE" });
  assertEquals(prevented(new TypeError("fetch failed", { cause: spent })), true);
  assertEquals(prevented(new Error("a fault of ours")), false);
  assertEquals(recorded.length, 1);
  forget();
  assertEquals(prevented(spent), false);
});
