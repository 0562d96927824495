import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import {
  balancerFor,
  field,
  get,
  OK,
  type RawBalancer,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "./raw.ts";

/** An upstream that remembers the requests, and answers with these field lines. */
class Recorder {
  readonly seen: RawMessage[] = [];
  fields: string[] = [];
  readonly upstream = new RawUpstream((request) => {
    this.seen.push(request);
    return ["HTTP/1.1 200 OK", ...this.fields, "Content-Length: 2", "", "ok"].join("\r\n");
  });

  async ask(balancer: RawBalancer, request: string): Promise<[RawMessage, RawMessage]> {
    const response = await balancer.ask(request);
    return [this.seen.at(-1)!, response];
  }
}

const HOP_BY_HOP = [
  "Keep-Alive: timeout=5",
  "Proxy-Connection: keep-alive",
  "TE: trailers",
  "X-Once: 1",
  "x-twice: 2",
];

const KEPT = [
  "X-b:   two  spaces   ",
  "X-A: 1",
  "x-a: 2",
  "X-A:",
  "Cookie: a=b; c=d",
  "cookie: e=f",
  "X-Bytes: \xe4\xff\x80\ttab",
  "Authorization: Basic Zm9v",
  "X-Once-More: 3",
];

/** The lines that are among these, in the order in which they came. */
function among({ fields }: RawMessage, lines: readonly string[]): string[] {
  return fields.filter((line) => lines.includes(line));
}

Deno.test("fields cross byte for byte, those about one connection do not", async (t) => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream]);

  await t.step("on the way up", async () => {
    const fields = [...HOP_BY_HOP.slice(0, 2), ...KEPT, ...HOP_BY_HOP.slice(2)];
    const connection = "Connection: X-Once, x-TWICE , te,, keep-alive";
    const [request] = await recorder.ask(balancer, get("/", connection, ...fields));
    assertEquals(among(request, KEPT), KEPT);
    assertEquals(among(request, HOP_BY_HOP), []);
    assertEquals(field(request, "connection"), undefined);
    assertEquals(request.fields[0], "Host: a.example");
  });

  await t.step("on the way down", async () => {
    recorder.fields = [...KEPT, "Connection: x-once", "Connection: X-Twice", ...HOP_BY_HOP];
    recorder.fields.push("Proxy-Authenticate: Basic", "Server: s", "Date: today");
    const [, response] = await recorder.ask(balancer, get());
    assertEquals(among(response, [...KEPT, "Server: s", "Date: today"]), [
      ...KEPT,
      "Server: s",
      "Date: today",
    ]);
    assertEquals(among(response, [...HOP_BY_HOP, "Proxy-Authenticate: Basic"]), []);
    assertEquals(field(response, "connection"), undefined);
    recorder.fields = [];
  });

  await t.step("an offer to upgrade crosses only where Connection names it", async () => {
    const [request] = await recorder.ask(balancer, get("/", "Upgrade: h2c"));
    assertEquals(field(request, "upgrade"), undefined);
  });

  await t.step("Connection: close is about the client's connection alone", async () => {
    const [request, response] = await recorder.ask(balancer, get("/", "Connection: close"));
    assertEquals(field(request, "connection"), undefined);
    assertEquals(field(response, "connection"), "close");
    assertEquals(upstream.connections.length, 1);
  });
});

Deno.test("method, path and query are not touched", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream]);
  const targets = [
    "/a/../b/./c",
    "//double//slash",
    "/%2e%2e/%2F%61%zz%",
    "/a;b=c,d:e@f!$&'()*+=~",
    "/?",
    "/?q=/../%2e&&=?x?",
    '/"quoted"<angle>{curly}|bar\\back^hat`tick',
    "/a?b=http://c/d",
    `/${"x".repeat(4000)}`,
  ];
  using client = await balancer.connect();
  for (const target of targets) {
    await client.send(get(target));
    const response = await client.response();
    if (statusOf(response) === 400) continue;
    assertEquals(recorder.seen.at(-1)?.line, `GET ${target} HTTP/1.1`);
  }
  for (const method of ["DELETE", "OPTIONS", "PATCH", "PROPFIND", "get", "M-SEARCH"]) {
    const request = `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
    assertEquals((await recorder.ask(balancer, request))[0].line, `${method} / HTTP/1.1`);
  }
});

const CLAIMS = [
  "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
  "x-forwarded-for: 192.0.2.3",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: claimed.example",
  "Via: 1.0 front",
];

Deno.test("what a stranger says about the origin of a request is replaced", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream], { LB_TRUSTED_PROXIES: "10.0.0.0/8" });
  for (const claims of [[], CLAIMS]) {
    const [request, response] = await recorder.ask(balancer, get("/", ...claims));
    assertEquals(field(request, "x-forwarded-for"), "127.0.0.1");
    assertEquals(field(request, "x-forwarded-proto"), "http");
    assertEquals(field(request, "x-forwarded-host"), "a.example");
    assertEquals(field(request, "via"), `${claims.length ? "1.0 front|" : ""}1.1 ringkeeper`);
    assertEquals(field(response, "via"), "1.1 ringkeeper");
  }
});

Deno.test("what a trusted proxy says about the origin of a request is kept and added to", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream], {
    LB_TRUSTED_PROXIES: "10.0.0.0/8, 127.0.0.0/8",
  });
  const [claimed] = await recorder.ask(balancer, get("/", ...CLAIMS));
  assertEquals(
    field(claimed, "x-forwarded-for"),
    "192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1",
  );
  assertEquals(field(claimed, "x-forwarded-proto"), "https");
  assertEquals(field(claimed, "x-forwarded-host"), "claimed.example");
  const [bare] = await recorder.ask(balancer, get());
  assertEquals(field(bare, "x-forwarded-for"), "127.0.0.1");
  assertEquals(field(bare, "x-forwarded-proto"), "http");
  assertEquals(field(bare, "x-forwarded-host"), "a.example");
});

Deno.test("every request has an id, and its response says which", async (t) => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream]);

  await t.step("one is made where it is missing", async () => {
    const [first, answer] = await recorder.ask(balancer, get());
    const [second] = await recorder.ask(balancer, get());
    const id = field(first, "x-request-id");
    assertMatch(id ?? "", /^[\w-]{16,64}$/);
    assertEquals(field(answer, "x-request-id"), id);
    assertNotEquals(field(second, "x-request-id"), id);
  });

  await t.step("its own is passed on and returned", async () => {
    const [request, response] = await recorder.ask(balancer, get("/", "x-REQUEST-id: mine 1"));
    assertEquals(among(request, ["x-REQUEST-id: mine 1"]).length, 1);
    assertEquals(field(request, "x-request-id"), "mine 1");
    assertEquals(field(response, "x-request-id"), "mine 1");
  });

  await t.step("the upstream's is not doubled", async () => {
    recorder.fields = ["X-Request-Id: theirs"];
    const [, response] = await recorder.ask(balancer, get());
    assertEquals(field(response, "x-request-id"), "theirs");
    recorder.fields = [];
  });

  await t.step("a long one is no reason to blame the replica", async () => {
    const id = "i".repeat(6000);
    const [, response] = await recorder.ask(balancer, get("/", `X-Request-Id: ${id}`));
    assertEquals(statusOf(response), 200, response.body);
    assertEquals(field(response, "x-request-id"), id);
    assertEquals((await balancer.balancer.status()).ready, 1);
  });
});

Deno.test("an error of the balancer's own carries the request's id byte for byte", async () => {
  const upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream]);
  await upstream[Symbol.asyncDispose]();
  const response = await balancer.ask(get("/", "X-Request-Id: caf\xe9"));
  assertEquals(statusOf(response), 502);
  assertEquals(field(response, "x-request-id"), "caf\xe9");
});

Deno.test("a long Host, which crosses twice, leaves room for all that is added", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream]);
  for (let length = 100; length <= 3700; length += 300) {
    const host = "a".repeat(length);
    const [request, response] = await recorder.ask(
      balancer,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: ${"b".repeat(1000)}\r\n\r\n`,
    );
    assertEquals(statusOf(response), 200, `${length}`);
    assertEquals(field(request, "x-forwarded-host"), host);
  }
});
