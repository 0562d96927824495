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
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

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
  "TE: gzip",
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

test("fields cross byte for byte, those about one connection do not", async (t) => {
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

  await t.step("TE: trailers is forwarded to the replica", async () => {
    const [request] = await recorder.ask(balancer, get("/", "TE: trailers", "Connection: TE"));
    assertEquals([field(request, "te"), field(request, "connection")], ["trailers", "TE"]);
  });

  await t.step("an offer of h2c is dropped, and the rest of the offer is forwarded", async () => {
    const half = ["Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"];
    const [h2c] = await recorder.ask(balancer, get("/", ...half, "Upgrade: h2c"));
    const seen = (request: RawMessage) =>
      ["upgrade", "connection", "http2-settings"].map((name) => field(request, name));
    assertEquals(seen(h2c), [undefined, undefined, undefined]);
    const [both] = await recorder.ask(balancer, get("/", ...half, "Upgrade: h2c, websocket"));
    assertEquals(seen(both), ["websocket", "upgrade", undefined]);
  });

  await t.step("an empty expectation and an option with a semicolon are fine", async () => {
    const [request, response] = await recorder.ask(
      balancer,
      get("/", "Expect:", "Connection: keep-alive;"),
    );
    assertEquals([statusOf(response), field(request, "expect")], [200, undefined]);
  });

  await t.step("an offer to upgrade is forwarded only if Connection names it", async () => {
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

test("method, path and query are not touched", async () => {
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

test("origin fields of an untrusted client are replaced", async () => {
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

test("origin fields of a trusted proxy are kept and extended", async () => {
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

/** Fields of a client that a server behind a proxy would trust. */
const ORIGINS = [
  "Forwarded: for=192.0.2.9;proto=https",
  "X-Real-IP: 192.0.2.9",
  "True-Client-IP: 192.0.2.9",
  "CF-Connecting-IP: 192.0.2.9",
  "X-Client-Ip: 192.0.2.9",
  "X-Original-URL: /admin",
  "Proxy: http://192.0.2.9/",
  "X-Forwarded-Port: 443",
  "X-Forwarded-Ssl: on",
  "x-forwarded-anything: 1",
];
const FOLDED = [
  "X_Forwarded_For: 192.0.2.9",
  "X-Forwarded_For: 192.0.2.9",
  "X.Real.IP: 192.0.2.9",
  "X_Real_IP: 192.0.2.9",
  "Content_Length: 5",
  "Transfer_Encoding: chunked",
];

test("other words of a stranger about the origin of a request are dropped", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream]);
  const plain = ["X.User: 1", "X-User: 1"];
  const [request] = await recorder.ask(
    balancer,
    get("/", ...ORIGINS, ...FOLDED, "X_User: 1", ...plain),
  );
  assertEquals(among(request, [...ORIGINS, ...FOLDED, "X_User: 1"]), []);
  assertEquals(among(request, plain), plain);
  assertEquals(field(request, "x-forwarded-port"), String(balancer.port));
});

test("other words of a trusted proxy about the origin of a request cross", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream], {
    LB_TRUSTED_PROXIES: "127.0.0.0/8",
    LB_UNDERSCORES: "keep",
  });
  const [request] = await recorder.ask(balancer, get("/", ...ORIGINS, ...FOLDED, "X_User: 1"));
  assertEquals(among(request, [...ORIGINS, ...FOLDED, "X_User: 1"]), [...ORIGINS, "X_User: 1"]);
  assertEquals(field(request, "x-forwarded-port"), "443");
  const [bare] = await recorder.ask(balancer, get());
  assertEquals(field(bare, "x-forwarded-port"), String(balancer.port));
  const [told] = await recorder.ask(balancer, get("/", "X-Forwarded-Proto: https"));
  assertEquals(field(told, "x-forwarded-port"), undefined);
});

test("LB_VIA=false adds no Via, and forwards the Via of others", async () => {
  const recorder = new Recorder();
  await using upstream = recorder.upstream;
  await using balancer = await balancerFor([upstream], { LB_VIA: "false" });
  const [request, response] = await recorder.ask(balancer, get());
  assertEquals([field(request, "via"), field(response, "via")], [undefined, undefined]);
  recorder.fields = ["Via: 1.0 back"];
  const [told, answer] = await recorder.ask(balancer, get("/", "Via: 1.0 front"));
  assertEquals([field(told, "via"), field(answer, "via")], ["1.0 front", "1.0 back"]);
  const control = await balancer.ask(get("/rep"));
  assertEquals([statusOf(control), field(control, "via")], [200, undefined]);
});

/** RFC 9110, section 5.6.7. */
const DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

test("every final response has a Date", async () => {
  const recorder = new Recorder();
  const { upstream } = recorder;
  await using balancer = await balancerFor([upstream]);
  const [, response] = await recorder.ask(balancer, get());
  assertMatch(field(response, "date") ?? "", DATE);
  const age = Date.now() - Date.parse(field(response, "date") ?? "");
  assertEquals(age < 60_000, true, `${age} ms`);
  recorder.fields = ["Date: today"];
  assertEquals(field((await recorder.ask(balancer, get()))[1], "date"), "today");
  assertMatch(field(await balancer.ask("GET / HTTP/1.1\r\n\r\n"), "date") ?? "", DATE);
  await upstream[Symbol.asyncDispose]();
  assertMatch(field(await balancer.ask(get()), "date") ?? "", DATE);
});

test("every request has an id, and its response says which", async (t) => {
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

test("an error of the balancer's own carries the request's id byte for byte", async () => {
  const upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream]);
  await upstream[Symbol.asyncDispose]();
  const response = await balancer.ask(get("/", "X-Request-Id: caf\xe9"));
  assertEquals(statusOf(response), 502);
  assertEquals(field(response, "x-request-id"), "caf\xe9");
});

test("a long Host, which is forwarded twice, leaves room for all added fields", async () => {
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
