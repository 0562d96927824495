import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { makePair } from "../../tests/harness/certificates.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { newKey } from "./host_records.ts";
import { OrderError } from "./order_fault.ts";
import type { OrderRequest } from "./order_messages.ts";
import { performOrder } from "./order_runner.ts";

/** An authority that refuses every order, and whose answers a test may replace. */
async function authority(answers: Readonly<Record<string, () => Response>> = {}) {
  const folder = await Deno.makeTempDir();
  const { cert, key } = await makePair(folder, "server", { names: ["IP:127.0.0.1"] });
  const tls = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  const calls: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, ...tls, onListen: () => {} },
    (one) => {
      const { pathname, origin } = new URL(one.url);
      calls.push(`${one.method} ${pathname}`);
      const response = (answers[pathname] ?? usual(origin)[pathname])?.() ??
        problem(404, "unknown");
      response.headers.set("replay-nonce", crypto.randomUUID());
      return response;
    },
  );
  const request: OrderRequest = {
    ...{ directory: `https://127.0.0.1:${server.addr.port}/dir`, ca: tls.cert, host: "a.test" },
    ...{ accountKey: newKey(), accountUrl: null, accountEmail: "", email: "", key: newKey() },
    url: null,
  };
  const dispose = async () => {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  };
  return { request, calls, [Symbol.asyncDispose]: dispose };
}

function usual(origin: string): Record<string, () => Response> {
  const urls = { newNonce: "/nonce", newAccount: "/account", newOrder: "/order" };
  const directory = Object.entries(urls).map(([name, path]) => [name, origin + path]);
  return {
    "/dir": () => Response.json(Object.fromEntries(directory)),
    "/nonce": () => new Response(null),
    "/account": () =>
      Response.json({ status: "valid" }, {
        status: 201,
        headers: { location: `${origin}/account/1` },
      }),
    "/order": () => problem(429, "rateLimited", { "retry-after": "77" }),
  };
}

function problem(status: number, type: string, headers: Record<string, string> = {}): Response {
  const text = JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: "wait" });
  return new Response(text, {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** Performs an order that fails. @returns its error, and the accounts that were reported */
async function failed(request: OrderRequest) {
  const accounts: string[] = [];
  const handlers = {
    account: (url: string) => Promise.resolve(void accounts.push(new URL(url).pathname)),
    order: () => Promise.resolve(),
    challenge: () => Promise.resolve(),
  };
  const ending = new AbortController().signal;
  const error = await assertRejects(() => performOrder(request, handlers, ending), OrderError);
  return { error, accounts };
}

test("a rate limit is reported with the authority's Retry-After", async () => {
  await using one = await authority();
  const { error, accounts } = await failed(one.request);
  assertEquals([error.kind, error.retryAfterMs, error.resumable], ["refused", 77_000, true]);
  assertEquals(error.message, "the authority answered 429: wait (rateLimited)");
  assertEquals(accounts, ["/account/1"]);
});

test("an account that exists is used, though the authority refuses its empty update", async () => {
  await using one = await authority({
    "/account": () =>
      Response.json({ status: "valid" }, { headers: { location: "https://127.0.0.1/x/1" } }),
  });
  const { error } = await failed({ ...one.request, accountUrl: null });
  // The order was asked for, after the update could not even be sent.
  assertEquals(error.message, "the authority answered 429: wait (rateLimited)");
});

test("an account that the authority does not know is registered with the same key", async () => {
  let asked = 0;
  await using one = await authority({
    "/order": () => asked++ === 0 ? problem(400, "accountDoesNotExist") : problem(403, "caa"),
  });
  const accountUrl = new URL("/account/old", one.request.directory).href;
  const { error, accounts } = await failed({ ...one.request, accountUrl });
  assertMatch(error.message, /403: wait \(caa\)$/);
  assertEquals(accounts, ["/account/1"]);
  assertEquals(one.calls.filter((call) => call === "POST /order").length, 2);
});

test("an authority that is away, or not the one that it says, is named with the reason", async () => {
  await using one = await authority();
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  const directory = `https://127.0.0.1:${closed.addr.port}/dir`;
  const away = await failed({ ...one.request, directory });
  assertMatch(away.error.message, /^the authority cannot be reached: .*refused/i);
  assertEquals([away.error.kind, away.error.resumable], ["unreachable", true]);
  const untrusted = await failed({ ...one.request, ca: undefined });
  assertMatch(untrusted.error.message, /^the authority cannot be reached: .*certificate/i);
});

test("an order ends with the balancer", async () => {
  await using one = await authority();
  const controller = new AbortController();
  const never = new Promise<void>(() => {});
  const handlers = {
    account: () => {
      controller.abort();
      return never;
    },
    order: () => never,
    challenge: () => never,
  };
  const error = await assertRejects(
    () => performOrder(one.request, handlers, controller.signal),
    OrderError,
  );
  assertEquals([error.message, error.resumable], ["the balancer ends", true]);
});
