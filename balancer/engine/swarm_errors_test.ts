import { assertEquals, assertStringIncludes } from "@std/assert";
import { isStale, toSwarmError } from "./swarm_errors.ts";

/** An error as the client of the Engine throws it. */
function answer(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode, json: { message } });
}

Deno.test("a machine that is no manager is away, and the message has the commands", () => {
  const error = toSwarmError("list tasks", answer(503, "This node is not a swarm manager."));
  assertEquals(error.kind, "away");
  assertStringIncludes(error.message, "docker swarm init");
  assertStringIncludes(error.message, "docker node promote");
});

Deno.test("a manager without a leader is away", () => {
  for (
    const text of [
      "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that ...",
      "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    ]
  ) assertEquals(toSwarmError("list tasks", answer(500, text)).kind, "away");
});

Deno.test("a stale version is recognised by its message, since its status is 500", () => {
  const stale = answer(500, "rpc error: code = Unknown desc = update out of sequence");
  assertEquals(isStale(toSwarmError("update the service x", stale)), true);
  assertEquals(toSwarmError("update the service x", stale).kind, "failed");
  assertEquals(isStale(answer(500, "anything else")), false);
});
