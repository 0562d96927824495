import { assertEquals, assertRejects } from "@std/assert";
import { ToolError } from "../tool.ts";
import { untilReady } from "./status.ts";
import { systemTest as test } from "../test/needs.ts";

type Handler = (request: Request) => Response;

function serve(handler: Handler): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
}

/** An API with one more ready replica in each answer. */
function startApi(): Deno.HttpServer<Deno.NetAddr> {
  let ready = 0;
  return serve(() => Response.json({ ready: ready++, desired: 2 }));
}

function urlOf(server: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://127.0.0.1:${server.addr.port}`;
}

const hope = () => Promise.resolve(undefined);

test("status: waits until enough replicas are ready and reports every step", async () => {
  await using api = startApi();
  const steps: string[] = [];
  const progress = (line: string) => void steps.push(line);
  const [url, service] = [urlOf(api), "http://127.0.0.1:1"];
  await untilReady({ url, service, replicas: 2, timeoutMs: 30_000, trouble: hope, progress });
  assertEquals(steps, [0, 1, 2].map((ready) => `${ready} of 2 replicas ready`));
});

test("status: waits until the public port stops answering 503, without a request to a replica", async () => {
  await using api = serve(() => Response.json({ ready: 1, desired: 1 }));
  const asked: string[] = [];
  await using port = serve(({ method, headers }) => {
    asked.push(`${method} ${headers.get("max-forwards")}`);
    return new Response(null, { status: asked.length < 3 ? 503 : 204 });
  });
  const wait = { url: urlOf(api), service: urlOf(port), replicas: 1, timeoutMs: 30_000 };
  await untilReady({ ...wait, trouble: hope, progress: () => {} });
  assertEquals(asked, ["OPTIONS 0", "OPTIONS 0", "OPTIONS 0"]);
});

Deno.test("status: gives up when waiting is pointless, and when the time is over", async () => {
  const url = "http://127.0.0.1:1";
  const wait = {
    ...{ url, service: url, replicas: 1, timeoutMs: 30_000 },
    ...{ trouble: hope, progress: () => {} },
  };
  const ended = () => Promise.resolve("the balancer ended");
  await assertRejects(() => untilReady({ ...wait, trouble: ended }), ToolError, "ended");
  await assertRejects(() => untilReady({ ...wait, timeoutMs: -1 }), ToolError, "0 of 1 replicas");
});
