import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { field, OK, RawConnection, statusOf } from "../../../tests/harness/raw.ts";
import { ProxyHarness } from "../testing.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: 7\r\n\r\n";
const POST = "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc";

/** The bytes that both ends of an exchange received. */
async function bytesOfExchange(bench: ProxyHarness, request: string, response: string) {
  const { client, replica } = await bench.warm();
  await client.send(request);
  const forwarded = await replica.until("\r\n\r\n");
  const body = await replica.exactly(Number(/content-length: (\d+)/i.exec(forwarded)?.[1] ?? 0));
  await replica.send(response);
  // The response shows whether the connection is kept; end it in any case.
  await client.end();
  const { text } = await client.rest();
  client.close();
  replica.close();
  // Ignore Date: the second may change between two compared exchanges.
  return { forwarded: forwarded + body, text: text.replaceAll(/\r\nDate: [^\r]+/g, "\r\nDate:") };
}

const HEADER = fc.constantFrom(
  "Accept: */*",
  "Via: 1.0 old",
  "X-Forwarded-For: 1.2.3.4",
  "X-Forwarded-Host: evil",
  "X-Request-Id: 9",
  "Connection: close",
  "Connection: keep-alive, X-Hop",
  "X-Hop: 1",
  "Keep-Alive: 5",
  "Cookie: a=b",
  "TE: trailers",
  "Expect: 100-continue",
  "Expect:",
  "Forwarded: for=a",
  "X_Real_Ip: a",
  "X_User: a",
  `X-Long: ${"x".repeat(300)}`,
);

const REQUEST = fc.record({
  method: fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "get"),
  target: fc.constantFrom("/", "/a?b=c", "/ab", "http://b.example/x", "//x"),
  version: fc.constantFrom("1.1", "1.1", "1.0"),
  fields: fc.array(HEADER, { maxLength: 5 }),
  body: fc.option(fc.constantFrom("", "abc", "x".repeat(500))),
}).map(({ method, target, version, fields, body }) =>
  `${method} ${target} HTTP/${version}\r\n` +
  ["Host: a.example", "X-Request-Id: 7", ...fields].map((line) => `${line}\r\n`).join("") +
  (body === null ? "\r\n" : `Content-Length: ${body.length}\r\n\r\n${body}`)
);

const RESPONSE = fc.record({
  status: fc.constantFrom(
    "200 OK",
    "204 No Content",
    "304 Not Modified",
    "404 ",
    "500 Oh no",
    "999 No",
  ),
  version: fc.constantFrom("1.1", "1.1", "1.0"),
  fields: fc.array(
    fc.constantFrom(
      "Server: x",
      "Connection: close",
      "Connection: keep-alive",
      "X-Request-Id: 8",
      "Keep-Alive: timeout=5",
      "Via: 1.1 other",
      "Set-Cookie: a=b",
      "Upgrade: h2c",
      "Date: today",
      "Folded: a\r\n b",
      "Spaced : a",
      "Connection: keep-alive; timeout=5",
      "Connection: Content-Length",
    ),
    { maxLength: 4 },
  ),
  body: fc.constantFrom("", "ok", "y".repeat(700), "z".repeat(9000)),
  behind: fc.constantFrom("", "", "", "HTTP/1.1 200 OK\r\n\r\n"),
});

test("the fast path and the general path give the same bytes for the same exchange", async () => {
  await using bench = new ProxyHarness();
  let short = 0;
  await fc.assert(
    fc.asyncProperty(REQUEST, RESPONSE, async (request, { status, version, fields, ...rest }) => {
      const { body, behind } = rest;
      const bodyless = request.startsWith("HEAD") || /^(204|304)/.test(status);
      const lines = [`HTTP/${version} ${status}`, ...fields, `Content-Length: ${body.length}`];
      const response = `${lines.join("\r\n")}\r\n\r\n${bodyless ? "" : body}${behind}`;
      const usual = await bytesOfExchange(bench, request, response);
      short += 1 - bench.general();
      // The fast path does not handle an empty line before a request.
      const general = await bytesOfExchange(bench, `\r\n${request}`, response);
      assertEquals(bench.general(), 1);
      assertEquals(usual, general);
    }),
    { numRuns: 150 },
  );
  assert(short > 20, `${short} exchanges took the shortcut`);
  assertEquals(bench.inFlight, 0);
});

test("usual exchanges take the fast path, one after the other", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  for (const request of [GET, POST, GET]) {
    await client.send(request);
    const { line } = await replica.request();
    assertEquals(line, request.slice(0, request.indexOf("\r")));
    assertEquals(bench.inFlight, 1);
    await replica.send(OK);
    assertEquals((await client.response()).body, "ok");
  }
  assertEquals([bench.general(), bench.inFlight], [0, 0]);
  client.close();
});

test("pipelined requests are answered in their order", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET + POST + GET.replace("/a", "/b") + "GET /c HTTP/1.1\r\nHo");
  for (const line of ["GET /a HTTP/1.1", "POST /a HTTP/1.1", "GET /b HTTP/1.1"]) {
    assertEquals((await replica.request()).line, line);
    await replica.send(OK);
    assertEquals((await client.response()).body, "ok");
  }
  assertEquals(bench.general(), 0);
  await client.send("st: a\r\n\r\n");
  assertEquals((await replica.request()).line, "GET /c HTTP/1.1");
  await replica.send(OK);
  assertEquals((await client.response()).body, "ok");
  assertEquals(bench.general(), 1);
  client.close();
});

test("a request that arrives during another one is served after it", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  await client.send(GET.replace("/a", "/b"));
  await replica.send(OK);
  assertEquals((await client.response()).body, "ok");
  assertEquals((await replica.request()).line, "GET /b HTTP/1.1");
  await replica.send(OK);
  assertEquals((await client.response()).body, "ok");
  client.close();
});

for (
  const [what, pieces, body] of [
    ["its head in two pieces", ["HTTP/1.1 200 OK\r\nContent-", "Length: 2\r\n\r\nok"], "ok"],
    ["its body behind its head", ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", "cd"], "abcd"],
    ["chunks", ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"], "ok"],
    ["an interim response before it", ["HTTP/1.1 103 Early Hints\r\n\r\n", OK], "ok"],
    ["a body of 40 KB", [`HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n`, "x".repeat(4e4)]],
  ] as const
) {
  test(`a response with ${what} is handed over to the general path`, async () => {
    await using bench = new ProxyHarness();
    const { client, replica } = await bench.warm();
    await client.send(GET);
    await replica.request();
    await replica.sendPieces(pieces);
    let response = await client.response();
    if (statusOf(response) === 103) response = await client.response();
    assertEquals(response.body, body ?? "x".repeat(4e4));
    await client.send(GET);
    await replica.request();
    await replica.send(OK);
    assertEquals((await client.response()).body, "ok");
    assertEquals(bench.inFlight, 0);
    client.close();
  });
}

test("a connection with bytes behind the response gets no other request", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  await replica.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
  assertEquals((await client.response()).body, "ok");
  await client.send(GET);
  const other = await bench.upstream.accept();
  await other.request();
  await other.send(OK);
  assertEquals((await client.response()).body, "ok");
  assertEquals((await replica.rest()).text, "");
  client.close();
});

test("a client that leaves ends its request", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET + GET);
  await replica.request();
  await replica.send(OK);
  await replica.request();
  // The client has not read the first response, so closing resets its connection.
  await client.startsWith("HTTP/1.1");
  client.close();
  assertEquals((await replica.rest()).text, "");
  // Another client's request is not affected.
  const next = await RawConnection.to(bench.acceptor.port);
  await next.send(GET);
  const other = await bench.upstream.accept();
  await other.request();
  assertEquals(bench.inFlight, 1);
  await other.send(OK);
  assertEquals((await next.response()).body, "ok");
  assertEquals([bench.inFlight, bench.failures], [0, []]);
  next.close();
});

test("a half-closed client is served", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET + GET);
  await client.end();
  for (let i = 0; i < 2; i++) {
    await replica.request();
    await replica.send(OK);
    assertEquals((await client.response()).body, "ok");
  }
  assertEquals(await client.rest(), { text: "", reset: false });
  assertEquals([bench.general(), bench.inFlight, bench.failures], [0, 0, []]);
});

test("a reused connection that dies is replaced for an idempotent request", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  replica.close();
  const other = await bench.upstream.accept();
  await other.request();
  await other.send(OK);
  assertEquals((await client.response()).body, "ok");
  await client.send(POST);
  await other.request();
  other.close();
  assertEquals(statusOf(await client.response()), 502);
  assertEquals(bench.inFlight, 0);
  client.close();
});

test("a malformed response becomes a 502, and the client's connection is kept", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  await replica.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok");
  assertEquals(statusOf(await client.response()), 502);
  assertEquals((await replica.rest()).text, "");
  assertEquals(bench.inFlight, 0);
  client.close();
});

test("a refused request is refused on a connection that used the fast path", async () => {
  await using bench = new ProxyHarness({ LB_MAX_BODY_BYTES: "2", LB_MAX_REQUEST_LINE_BYTES: "64" });
  const { replica } = await bench.warm();
  for (
    const [request, status] of [
      ["GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400],
      ["GET /a HTTP/1.1\nHost: a\r\n\r\n", 400],
      [`GET /${"a".repeat(64)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
      [`GET / HTTP/1.1\r\nHost: a\r\n${"A: b\r\n".repeat(200)}\r\n`, 431],
      [POST, 413],
    ] as const
  ) {
    const { client } = await bench.warm(replica);
    await client.send(request);
    const response = await client.response();
    assertEquals([statusOf(response), field(response, "connection")], [status, "close"]);
    client.close();
  }
});

test("an HTTP/1.0 connection is kept on request", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  await client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  await replica.request();
  await replica.send(OK);
  assertEquals(field(await client.response(), "connection"), "keep-alive");
  await client.send("GET /a HTTP/1.0\r\n\r\n");
  await replica.request();
  await replica.send(OK);
  assertEquals(field(await client.response(), "connection"), "close");
  assertEquals((await client.rest()).text, "");
  assertEquals(bench.general(), 0);
});

test("a draining worker closes each connection after its response", async () => {
  await using bench = new ProxyHarness();
  const { client, replica } = await bench.warm();
  const idle = await bench.warm(replica);
  await client.send(GET);
  await replica.request();
  const drained = bench.acceptor.drain({ requestsMs: 10_000, streamsMs: 10_000 });
  assertEquals((await idle.client.rest()).text, "");
  await replica.send(OK);
  assertEquals(field(await client.response(), "connection"), "close");
  assertEquals((await client.rest()).text, "");
  await drained;
});

test("deadlines are armed on the fast path, too", async () => {
  await using bench = new ProxyHarness({
    LB_RESPONSE_TIMEOUT_MS: "200",
    LB_HEAD_TIMEOUT_MS: "300",
  });
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  assertEquals(statusOf(await client.response()), 504);
  assertEquals((await replica.rest()).text, "");
  await client.send("GET /a HT");
  assertEquals(statusOf(await client.response()), 408);
  assertEquals((await client.rest()).text, "");
});

test("a stalled body and an idle client run into their deadlines", async () => {
  await using bench = new ProxyHarness({
    LB_BODY_TIMEOUT_MS: "200",
    LB_KEEPALIVE_TIMEOUT_MS: "200",
  });
  const { client } = await bench.warm();
  await client.send(POST.slice(0, -1));
  assertEquals(statusOf(await client.response()), 408);
  const idle = await bench.warm();
  await idle.client.send(GET);
  await idle.replica.request();
  await idle.replica.send(OK);
  await idle.client.response();
  assertEquals((await idle.client.rest()).text, "");
});
