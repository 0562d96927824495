import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "./tool.ts";
import { type Lookup, readUpOptions } from "./up_options.ts";

const nothing: Lookup = () => undefined;

function refusal(args: string[], env: Lookup = nothing): [number, string] {
  const error = assertThrows(() => readUpOptions(args, env), ToolError);
  return [error.exitCode, error.message.split("\n")[0] ?? ""];
}

Deno.test("up options: without any, three replicas on port 5000 with the engine at hand", () => {
  const expected = {
    engine: "auto",
    replicas: 3,
    port: 5000,
    help: false,
    takeOver: false,
  } as const;
  assertEquals(readUpOptions([], nothing), expected);
});

Deno.test("up options: the command line goes before the environment", () => {
  const env: Lookup = (name) => ({ LB_PORT: "8080", LB_REPLICAS: "5", LB_ENGINE: "" })[name];
  const options = readUpOptions(["--port=9000", "--engine", "process"], env);
  assertEquals(options, {
    engine: "process",
    replicas: 5,
    port: 9000,
    help: false,
    takeOver: false,
  });
});

Deno.test("up options: what cannot be understood ends with exit code 2 and says what would", () => {
  assertEquals(refusal(["--prot", "80"])[0], 2);
  assertEquals(refusal(["extra"])[0], 2);
  assertEquals(refusal(["--port"])[0], 2);
  assertEquals(refusal(["--port", "70000"]), [
    2,
    '--port must be a whole number from 1 to 65535; got "70000"',
  ]);
  assertEquals(refusal(["--replicas=x"])[1].startsWith("--replicas must be"), true);
  assertEquals(refusal(["--engine", "podman"])[1].includes("auto, process, docker"), true);
});
