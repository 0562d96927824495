import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "../tool.ts";
import { wishOf } from "./wish.ts";

Deno.test("a wish has in it what was asked for, and nothing else", () => {
  assertEquals(wishOf({}), {});
  assertEquals(wishOf({ add: 2, remove: ["S3"], slots: 1024, virtualServers: 4, layout: "ring" }), {
    add: 2,
    remove: ["S3"],
    slots: 1024,
    virtualServers: 4,
    layout: "ring",
  });
});

Deno.test("a wish takes weights from names that are added and from those that stay", () => {
  assertEquals(wishOf({ name: ["S4", "Big=3"], weight: ["Server1=0.5"] }), {
    hostnames: ["S4", "Big"],
    weights: { Big: 3, Server1: 0.5 },
  });
});

Deno.test("a weight that is none is refused with the option, what it must be and what it was", () => {
  const message = (...weight: string[]) =>
    assertThrows(() => wishOf({ weight }), ToolError).message;
  assertEquals(message("Server1"), '--weight must be NAME=WEIGHT; got "Server1"');
  assertEquals(message("A=x"), '--weight must be a weight such as 2 or 0.5; got "x"');
  assertEquals(message("=1"), '--weight must be NAME or NAME=WEIGHT; got "=1"');
});
