import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DeadlineError } from "./deadline.ts";
import {
  imageMissing,
  nameTaken,
  networkMissing,
  statusOf,
  toEngineError,
} from "./docker_errors.ts";
import { EngineError } from "./engine.ts";

/** Creates an error as dockerode throws it. */
function answer(statusCode: number, message: string): Error {
  const text = `(HTTP code ${statusCode}) some reason - ${message} `;
  return Object.assign(new Error(text), { statusCode, json: { message } });
}

function connection(code: string): Error {
  return Object.assign(new Error(`connect ${code} /var/run/docker.sock`), { code });
}

for (const code of ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES"]) {
  Deno.test(`docker errors: a connection that ends in ${code} means away`, () => {
    assertEquals(toEngineError("list", connection(code)).kind, "away");
  });
}

Deno.test("docker errors: a lack of file descriptors is the balancer's fault", () => {
  assertEquals(toEngineError("list", connection("EMFILE")).kind, "out-of-files");
});

Deno.test("docker errors: a timeout means away", () => {
  const error = toEngineError("list containers", new DeadlineError(50));
  assertEquals(error.kind, "away");
  assertEquals(error.message, "docker: cannot list containers: no answer within 50 ms");
});

Deno.test("docker errors: a socket that this user may not use comes with advice", () => {
  assertMatch(toEngineError("list", connection("EACCES")).message, /EACCES.*join the group docker/);
});

Deno.test("docker errors: a program that is not in the image is a missing command", () => {
  const messages = [
    'OCI runtime create failed: exec: "serve": executable file not found in $PATH: unknown',
    'OCI runtime create failed: exec: "/serve": stat /serve: no such file or directory: unknown',
    'OCI runtime create failed: exec: "/etc/passwd": permission denied: unknown',
  ];
  for (const message of messages) {
    assertEquals(toEngineError("start", answer(400, message)).kind, "command-missing", message);
  }
});

Deno.test("docker errors: any other error is `failed` with the Engine's own message", () => {
  const error = toEngineError("start Server1", answer(500, "no space left on device"));
  assertEquals(error.kind, "failed");
  assertEquals(error.message, "docker: cannot start Server1: no space left on device");
});

Deno.test("docker errors: both kinds of error have the status of the response", () => {
  const error = answer(409, "in use");
  assertEquals([error, toEngineError("x", error)].map(statusOf), [409, 409]);
  assertEquals([connection("EPIPE"), undefined, "text"].map(statusOf), [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("docker errors: a missing network is distinguished from a missing image", () => {
  const missing = answer(404, "network ringkeeper not found");
  const newer = answer(404, "failed to set up container networking: network ringkeeper not found");
  const image = answer(404, "No such image: network:latest");
  assertEquals([missing, newer, image].map(networkMissing), [true, true, false]);
  assertEquals(networkMissing(toEngineError("start Server1", missing)), true);
});

Deno.test("docker errors: an engine's error stays what it is", () => {
  const error = new EngineError("name-taken", "taken");
  assertEquals(toEngineError("start", error), error);
});

Deno.test("docker errors: the message names the missing or taken thing and a remedy", () => {
  assertStringIncludes(imageMissing("nginx:1").message, "docker pull nginx:1");
  assertStringIncludes(nameTaken("Server1", undefined).message, "LB_CONTAINER_PREFIX");
});
