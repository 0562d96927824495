import { assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { connectionPerCall } from "./docker_agent.ts";

Deno.test("docker agent: to describe it takes a word, however deep somebody looks", () => {
  const options = { agent: connectionPerCall(false) };
  assertEquals(
    inspect(options, { showHidden: true, depth: null }),
    "{ agent: a connection per call }",
  );
});
