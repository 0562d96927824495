import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../tool.ts";
import { untilReady } from "./status.ts";
import { systemTest as test } from "../test/needs.ts";

/** A balancer whose replicas get ready one by one, one at each time it is asked. */
function startBalancer(): Deno.HttpServer<Deno.NetAddr> {
  let ready = 0;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return Response.json({ ready: ready++, desired: 2 });
  });
}

const hope = () => Promise.resolve(undefined);

test("status: waits until enough replicas are ready and tells every step", async () => {
  await using server = startBalancer();
  const steps: string[] = [];
  const progress = (line: string) => void steps.push(line);
  const url = `http://127.0.0.1:${server.addr.port}`;
  await untilReady({ url, replicas: 2, timeoutMs: 30_000, trouble: hope, progress });
  assertEquals(steps, [0, 1, 2].map((ready) => `${ready} of 2 replicas ready`));
});

Deno.test("status: gives up when waiting is pointless, and when the time is over", async () => {
  const url = "http://127.0.0.1:1";
  const wait = { url, replicas: 1, timeoutMs: 30_000, trouble: hope, progress: () => {} };
  const ended = () => Promise.resolve("the balancer ended");
  await assertRejects(() => untilReady({ ...wait, trouble: ended }), ToolError, "ended");
  await assertRejects(() => untilReady({ ...wait, timeoutMs: -1 }), ToolError, "0 of 1 replicas");
});
