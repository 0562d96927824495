import { assertThrows } from "@std/assert";
import { Ring, type RingOptions } from "./mod.ts";

Deno.test("Options out of bounds are refused with field, bound and value", () => {
  const refused: readonly [Partial<Record<keyof RingOptions, unknown>>, string][] = [
    [{ slots: 0 }, "slots must be a whole number from 1 to 65536, got 0"],
    [{ slots: 65_537 }, "slots must be a whole number from 1 to 65536, got 65537"],
    [{ slots: 1.5 }, "slots must be a whole number from 1 to 65536, got 1.5"],
    [{ slots: NaN }, "slots must be a whole number from 1 to 65536, got NaN"],
    [{ virtualServers: 0 }, "virtualServers must be a whole number from 1 to"],
    [{ layout: "odd" }, "layout must be one of even, ring, rendezvous, got odd"],
    [{ hashes: "md5" }, "hashes must be one of fibonacci, seed, classic, hashed, got md5"],
  ];
  for (const [option, message] of refused) {
    const options = { members: ["a"], ...option } as RingOptions;
    assertThrows(() => Ring.build(options), RangeError, message);
  }
});

Deno.test("Options of the wrong type are refused with field and value", () => {
  const refused: readonly [Partial<Record<keyof RingOptions, unknown>>, string][] = [
    [{ slots: "512" }, "slots must be a number, got 512"],
    [{ virtualServers: null }, "virtualServers must be a number, got null"],
    [{ hashes: { request: () => 0 } }, "hashes must be a name or have the functions"],
    [{ hashes: null }, "hashes must be a name or have the functions"],
  ];
  for (const [option, message] of refused) {
    const options = { members: ["a"], ...option } as RingOptions;
    assertThrows(() => Ring.build(options), TypeError, message);
  }
});
