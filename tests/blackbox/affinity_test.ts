import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { RawBalancer } from "../harness/raw.ts";
import { field, get, type RawMessage, RawUpstream, statusOf } from "../harness/raw.ts";

const SET = /^ringkeeper=([A-Za-z0-9_-]{24}); Path=\/; HttpOnly; SameSite=Lax$/;

/** A server that answers with its name and the received cookies; some paths answer differently. */
function server(name: string): RawUpstream {
  return new RawUpstream((request) => {
    const cookies = field(request, "cookie") ?? "none";
    const [, path = ""] = request.line.split(" ");
    const body = `${name} ${cookies}`;
    const head = `Content-Length: ${body.length}\r\n\r\n`;
    if (path === "/close") return undefined;
    if (path === "/early") {
      return `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${head}${body}`;
    }
    if (path === "/upgrade") {
      return `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\nX: ${name}\r\n\r\n`;
    }
    if (path === "/sets") {
      const sets = "Set-Cookie: ringkeeper=theirs\r\nSet-Cookie: sid=1\r\nCache-Control: max-age=9";
      return `HTTP/1.1 200 OK\r\n${sets}\r\n${head}${body}`;
    }
    if (path === "/chunked") {
      const size = body.length.toString(16);
      return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`;
    }
    return `HTTP/1.1 200 OK\r\n${head}${request.line.startsWith("HEAD") ? "" : body}`;
  });
}

function valueOf(response: RawMessage): string {
  const [, value] = SET.exec(field(response, "set-cookie") ?? "") ?? [];
  assert(value !== undefined, `sets ${field(response, "set-cookie")}`);
  assertEquals(field(response, "cache-control"), "private");
  return value;
}

const nameOf = (response: RawMessage) => response.body.split(" ")[0];
const withCookie = (value: string, path = "/") => get(path, `Cookie: ringkeeper=${value}`);

test("a client without a cookie gets one that leads to the replica of its first request", async (t) => {
  await using stack = new AsyncDisposableStack();
  const servers = ["a", "b", "c"].map((name) => stack.use(server(name)));
  const addresses = servers.map(({ address }) => address);
  const settings = { LB_KEY: "affinity", LB_TRUSTED_PROXIES: "127.0.0.0/8" };
  const balancer = stack.use(await RawBalancer.for(addresses, settings));
  using client = await balancer.connect();
  const ask = async (request: string, method?: string) => {
    await client.send(request);
    return await client.response(method);
  };
  const homes = new Map<string, string | undefined>();

  await t.step("on one connection, first on the general path, then on the fast path", async () => {
    for (let i = 0; i < 12; i++) {
      const first = await ask(get());
      const value = valueOf(first);
      homes.set(value, nameOf(first));
      for (let again = 0; again < 3; again++) {
        const response = await ask(withCookie(value));
        assertEquals(field(response, "set-cookie"), undefined);
        assertEquals(field(response, "cache-control"), undefined);
        assertEquals(response.body, `${homes.get(value)} none`);
      }
    }
    assertEquals(homes.size, 12, "every value is another one");
  });

  await t.step("on other connections, and beside other cookies, which are forwarded", async () => {
    for (const [value, home] of homes) {
      const cookies = `Cookie: sid=1; ringkeeper=${value};theme=x`;
      assertEquals((await balancer.ask(get("/", cookies))).body, `${home} sid=1; theme=x`);
    }
  });

  await t.step("a malformed and an over-long value are replaced and not forwarded", async () => {
    for (const value of ["x", "", "a".repeat(25), "a".repeat(5000), "../../../../../../etc/pa"]) {
      const response = await ask(withCookie(value));
      assertNotEquals(valueOf(response), value);
      assertMatch(response.body, /^[abc] none$/);
    }
  });

  await t.step("of several values the first valid one stays the key and is set again", async () => {
    const [[value = "", home] = []] = homes;
    const two = get(
      "/",
      `Cookie: ringkeeper=x; ringkeeper=${value}`,
      `Cookie: ringkeeper=${"b".repeat(24)}`,
    );
    const response = await ask(two);
    assertEquals([valueOf(response), nameOf(response)], [value, home]);
  });

  await t.step("responses of every kind set it, interim ones do not", async () => {
    valueOf(await ask(get().replace("GET", "HEAD"), "HEAD"));
    valueOf(await ask(get("/chunked")));
    await client.send(get("/early"));
    const interim = await client.response();
    assertEquals([statusOf(interim), field(interim, "set-cookie")], [103, undefined]);
    valueOf(await client.response());
    const post =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    valueOf(await ask(post));
    using tunnel = await balancer.connect();
    await tunnel.send(get("/upgrade", "Connection: upgrade", "Upgrade: echo"));
    const switched = await tunnel.response();
    assertEquals(statusOf(switched), 101);
    assertEquals(nameOf(await ask(withCookie(valueOf(switched)))), field(switched, "x"));
    valueOf(await ask(get("/").replace("GET", "TRACE")));
  });

  await t.step("a replica's own cookie of the name is dropped, other fields stay", async () => {
    const [[value = ""] = []] = homes;
    const kept = await ask(withCookie(value, "/sets"));
    assertEquals([field(kept, "set-cookie"), field(kept, "cache-control")], ["sid=1", "max-age=9"]);
    const fresh = await ask(get("/sets"));
    assertMatch(field(fresh, "set-cookie") ?? "", /^sid=1\|ringkeeper=[\w-]{24}; Path=/);
    assertEquals(field(fresh, "cache-control"), "max-age=9|private");
  });

  await t.step("Secure follows from a trusted proxy's X-Forwarded-Proto", async () => {
    const response = await ask(get("/", "X-Forwarded-Proto: https"));
    assertMatch(field(response, "set-cookie") ?? "", /; SameSite=Lax; Secure$/);
  });

  await t.step("explain tells where a value leads, and refuses what is none", async () => {
    const [[value = "", home] = []] = homes;
    const { status, body } = await balancer.balancer.call("GET", `/_lb/explain?key=${value}`);
    const { cookie, owner } = body as { readonly cookie: string; readonly owner: string };
    assertEquals([status, cookie, owner], [200, "ringkeeper", `Server${"abc".indexOf(home!) + 1}`]);
    assertEquals((await balancer.balancer.call("GET", "/_lb/explain?key=alice")).status, 400);
  });

  await t.step("the balancer's own errors set it, and the value survives a restart", async () => {
    await balancer.balancer.end("SIGTERM");
    await using next = await RawBalancer.for(addresses, { ...settings, LB_AFFINITY_TTL: "60" });
    for (const [value, home] of homes) {
      assertEquals(nameOf(await next.ask(withCookie(value))), home);
    }
    assertMatch(field(await next.ask(get()), "set-cookie") ?? "", /; Max-Age=60; /);
    const failed = await next.ask(get("/close").replace("GET", "POST"));
    assertEquals(statusOf(failed), 502);
    assertMatch(field(failed, "set-cookie") ?? "", /^ringkeeper=[\w-]{24}; [^|]+$/);
    const kept = await next.ask(withCookie("a".repeat(24), "/close").replace("GET", "POST"));
    assertEquals([statusOf(kept), field(kept, "set-cookie")], [502, undefined]);
  });
});
