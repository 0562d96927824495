import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "../tool.ts";
import { changeRequestOf } from "./change_request.ts";

Deno.test("a change request contains only the given options", () => {
  assertEquals(changeRequestOf({}), {});
  assertEquals(
    changeRequestOf({ add: 2, remove: ["S3"], slots: 1024, virtualServers: 4, layout: "ring" }),
    {
      add: 2,
      remove: ["S3"],
      slots: 1024,
      virtualServers: 4,
      layout: "ring",
    },
  );
});

Deno.test("a change request takes weights of added and of existing names", () => {
  assertEquals(changeRequestOf({ name: ["S4", "Big=3"], weight: ["Server1=0.5"] }), {
    hostnames: ["S4", "Big"],
    weights: { Big: 3, Server1: 0.5 },
  });
});

Deno.test("an invalid weight is refused with the option, the expected form and the value", () => {
  const message = (...weight: string[]) =>
    assertThrows(() => changeRequestOf({ weight }), ToolError).message;
  assertEquals(message("Server1"), '--weight must be NAME=WEIGHT; got "Server1"');
  assertEquals(message("A=x"), '--weight must be a weight such as 2 or 0.5; got "x"');
  assertEquals(message("=1"), '--weight must be NAME or NAME=WEIGHT; got "=1"');
});
