import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "../tool.ts";
import { type Lookup, readUpOptions } from "./options.ts";

function refusal(name: string, value: string): [number, string] {
  const env: Lookup = (asked) => asked === name ? value : undefined;
  const error = assertThrows(() => readUpOptions({}, env), ToolError);
  return [error.exitCode, error.message];
}

Deno.test("up options: the defaults are three replicas on port 5000 with the available engine", () => {
  const expected = { engine: "auto", replicas: 3, port: 5000, takeOver: false } as const;
  assertEquals(readUpOptions({}, () => undefined), expected);
});

Deno.test("up options: the command line takes precedence over the environment", () => {
  const env: Lookup = (name) => ({ LB_PORT: "8080", LB_REPLICAS: "5", LB_ENGINE: "" })[name];
  const options = readUpOptions({ port: 9000, engine: "process" }, env);
  assertEquals(options, { engine: "process", replicas: 5, port: 9000, takeOver: false });
});

Deno.test("up options: an invalid setting ends with exit code 2 and names the valid values", () => {
  assertEquals(refusal("LB_PORT", "70000"), [
    2,
    'LB_PORT must be a whole number from 1 to 65535; got "70000"',
  ]);
  assertEquals(refusal("LB_REPLICAS", "x")[1].startsWith("LB_REPLICAS must be"), true);
  assertEquals(refusal("LB_ENGINE", "podman")[1].includes("auto, process, docker"), true);
});
