import { assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { connectionPerCall } from "./docker_agent.ts";

Deno.test("docker agent: its description is one word at every depth", () => {
  const options = { agent: connectionPerCall(false) };
  assertEquals(
    inspect(options, { showHidden: true, depth: null }),
    "{ agent: a connection per call }",
  );
});
