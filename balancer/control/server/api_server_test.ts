import { assert, assertEquals, assertMatch } from "@std/assert";
import { field, RawConnection, statusOf, within } from "../../../tests/harness/raw.ts";
import { channelPair, serverOptions } from "../testing.ts";
import type { ApiLimits } from "./api_connection.ts";
import { ApiServer, type ApiServerOptions } from "./api_server.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

type Answer = (request: Request, peer: Deno.Addr) => Response | Promise<Response>;

/** A server on a port of its own. */
class Harness implements AsyncDisposable {
  readonly options: ReturnType<typeof serverOptions> & ApiServerOptions;
  readonly server: ApiServer;
  readonly port: number;

  constructor(
    answer: Answer,
    limits: Partial<ApiLimits> = {},
    more: Partial<ApiServerOptions> = {},
  ) {
    this.options = { ...serverOptions(limits), ...more };
    this.server = new ApiServer(this.options);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = listener.addr.port;
    this.server.listen(listener, async (request, peer) => await answer(request, peer));
  }

  connect(): Promise<RawConnection> {
    return RawConnection.to(this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close(0);
  }
}

/** Answers with the request's line, fields and body. */
const echo: Answer = async (request) => {
  const { method, url } = request;
  return Response.json({ method, url, body: await request.text() });
};

const get = (path: string, ...fields: string[]) =>
  ["GET " + path + " HTTP/1.1", "Host: a.example:1", ...fields, "", ""].join("\r\n");

const post = (framing: string, body: string) =>
  `POST /add HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${body}`;

test("a connection serves request after request, in order, also when they come at once", async () => {
  await using bench = new Harness(echo);
  using client = await bench.connect();
  await client.send(get("/a?b=%20c") + post("Content-Length: 3", "abc") + get("/d"));
  const answers = [await client.response(), await client.response(), await client.response()];
  assertEquals(answers.map(({ body }) => JSON.parse(body)), [
    { method: "GET", url: "http://a.example:1/a?b=%20c", body: "" },
    { method: "POST", url: "http://a/add", body: "abc" },
    { method: "GET", url: "http://a.example:1/d", body: "" },
  ]);
  assertEquals(Number(field(answers[0]!, "content-length")), answers[0]!.body.length);
  assert(!Number.isNaN(Date.parse(field(answers[0]!, "date") ?? "")));
});

test("method and target reach the handler unchanged", async () => {
  await using bench = new Harness((request) => {
    return new Response(null, { headers: { "x-asked": `${request.method} ${request.url}` } });
  });
  using client = await bench.connect();
  for (const [method, target] of [["get", "/a/../b"], ["TRACE", "/%2e/c"], ["PURGE", "//d"]]) {
    await client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assertEquals(field(await client.response(), "x-asked"), `${method} http://a${target}`);
  }
});

test("HEAD and 204 have no body, and the connection goes on", async () => {
  await using bench = new Harness(({ method }) =>
    method === "HEAD"
      ? new Response("not sent", { headers: { "content-length": "8" } })
      : new Response(null, { status: 204 })
  );
  using client = await bench.connect();
  await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const head = await client.response("HEAD");
  assertEquals([statusOf(head), field(head, "content-length")], [200, "8"]);
  await client.send(get("/"));
  const empty = await client.response();
  assertEquals([statusOf(empty), field(empty, "content-length")], [204, undefined]);
});

test("an HTTP/1.0 client is answered with the end of the connection, unless it keeps it", async () => {
  await using bench = new Harness(echo);
  using client = await bench.connect();
  await client.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  assertEquals(field(await client.response(), "connection"), "keep-alive");
  await client.send("GET / HTTP/1.0\r\n\r\n");
  const { text, reset } = await client.rest();
  assertMatch(text, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n/i);
  assertEquals(reset, false);
});

test("a chunked body arrives without its framing, in any segmentation", async () => {
  await using bench = new Harness(echo);
  using client = await bench.connect();
  const message = post("Transfer-Encoding: chunked", "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n");
  await client.send(message);
  assertEquals(JSON.parse((await client.response()).body).body, "abcdefg");
  await client.sendPieces(message);
  assertEquals(JSON.parse((await client.response()).body).body, "abcdefg");
});

test("a body of megabytes goes through, and so does a response", async () => {
  await using bench = new Harness(async (request) => new Response(await request.text()));
  using client = await bench.connect();
  const body = "0123456789abcdef".repeat(1 << 17);
  const sent = client.send(post(`Content-Length: ${body.length}`, body));
  const answer = await client.response();
  await sent;
  assert(answer.body === body);
});

test("a client that waits for 100 (Continue) gets it when the body is read, and not before", async () => {
  await using bench = new Harness((request, peer) =>
    request.url.endsWith("/no") ? new Response("no", { status: 403 }) : echo(request, peer)
  );
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
  using client = await bench.connect();
  await client.send(head("/yes"));
  assertEquals(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send("abc");
  assertEquals(JSON.parse((await client.response()).body).body, "abc");
  await client.send(head("/no"));
  // The server waits for no body: it ends its side, reads on for a second, and closes.
  assertMatch(await client.until("\r\n\r\nno"), /^HTTP\/1\.1 403 [^]*connection: close/i);
});

test("an unread body ends the connection, and its client gets the response", async () => {
  await using bench = new Harness(() => new Response("refused", { status: 401 }));
  using client = await bench.connect();
  await client.send(get("/rep", "Content-Length: 1000") + "x");
  await client.send("x".repeat(500));
  const { text, reset } = await client.rest();
  assertMatch(text, /^HTTP\/1\.1 401 [^]*connection: close[^]*refused$/i);
  assertEquals(reset, false);
});

test("an unread body that has arrived keeps the connection open", async () => {
  await using bench = new Harness(() => new Response("refused", { status: 401 }));
  using client = await bench.connect();
  for (let round = 0; round < 3; round++) {
    await client.send(post("Content-Length: 5", "abcde"));
    assertEquals((await client.response()).body, "refused");
  }
});

test("a violation of HTTP is refused with its status, and the connection ends", async () => {
  await using bench = new Harness(echo, { headBytes: 1000, lineBytes: 200, fields: 5 });
  const cases: [number, string][] = [
    [400, "GET / HTTP/1.1\r\n\r\n"],
    [400, "GET / HTTP/1.1\nHost: a\n\n"],
    [400, get("/", "Content-Length: 3", "Transfer-Encoding: chunked")],
    [414, get("/" + "a".repeat(300))],
    [431, get("/", ...Array(10).fill("a: b"))],
    [431, get("/", "a: " + "b".repeat(1200))],
    [505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
  ];
  for (const [status, message] of cases) {
    using client = await bench.connect();
    await client.send(message);
    const { text } = await client.rest();
    assertMatch(text, new RegExp(`^HTTP/1.1 ${status} `), message);
  }
  assertEquals(bench.options.failed, []);
});

test("an incomplete head is 408, and an idle connection ends", async () => {
  await using bench = new Harness(echo, { headMs: 50, idleMs: 50 });
  using slow = await bench.connect();
  await slow.send("GET / HT");
  assertMatch((await slow.rest()).text, /^HTTP\/1\.1 408 /);
  using idle = await bench.connect();
  assertEquals(await idle.rest(), { text: "", reset: false });
  using kept = await bench.connect();
  await kept.send(get("/"));
  await kept.response();
  assertEquals(await kept.rest(), { text: "", reset: false });
});

test("a client that stops in its body is cut off, and its call ends", async () => {
  const failed = Promise.withResolvers<unknown>();
  await using bench = new Harness(async (request) => {
    await request.text().catch(failed.resolve);
    return new Response("late");
  }, { bodyMs: 50 });
  using client = await bench.connect();
  await client.send(post("Content-Length: 10", "abc"));
  assert(await within("the end of the call", failed.promise) instanceof Error);
  await client.rest();
});

test("an event stream comes as it is written, and ends when its client leaves", async () => {
  const left = Promise.withResolvers<void>();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  await using bench = new Harness(() => {
    const body = new ReadableStream<Uint8Array>({
      start: (it) => void (controller = it),
      cancel: () => left.resolve(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const client = await bench.connect();
  await client.send(get("/_lb/events"));
  const { fields } = await client.head();
  assert(fields.some((line) => /transfer-encoding: chunked/i.test(String(line))));
  controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
  assertEquals(await client.until("\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
  client.close();
  await within("the end of the stream", left.promise);
});

test("at the limit the connection that has waited longest is closed", async () => {
  await using bench = new Harness(echo, {}, { maxConnections: 2 });
  using first = await bench.connect();
  using second = await bench.connect();
  for (const client of [first, second]) {
    await client.send(get("/"));
    await client.response();
  }
  await first.send("GET / HT");
  using third = await bench.connect();
  await third.send(get("/"));
  assertEquals(statusOf(await third.response()), 200);
  assertEquals((await first.rest()).text, "");
  await second.send(get("/"));
  assertEquals(statusOf(await second.response()), 200);
});

test("if all connections are busy, one more is 503 with Retry-After and the reason", async () => {
  const asked = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<Response>();
  const handler = () => {
    asked.resolve();
    return opened.promise;
  };
  await using bench = new Harness(handler, {}, { maxConnections: 1 });
  using busy = await bench.connect();
  await busy.send(get("/"));
  // Until its request has arrived the connection is idle, and gives way to another one.
  await within("the call", asked.promise);
  using client = await bench.connect();
  const { text } = await within("a refusal", client.rest());
  assertMatch(text, /^HTTP\/1\.1 503 [^]*retry-after: 1[^]*LB_MAX_API_CONNECTIONS/i);
  opened.resolve(new Response("done"));
  assertEquals((await busy.response()).body, "done");
});

test("a server that closes lets a call finish and takes no more on its connection", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const bench = new Harness(() => {
    asked.resolve();
    return answer.promise;
  });
  using idle = await bench.connect();
  using busy = await bench.connect();
  await busy.send(get("/"));
  await asked.promise;
  const closed = bench.server.close(10_000);
  assertEquals((await idle.rest()).text, "");
  answer.resolve(new Response("last"));
  const last = await busy.response();
  assertEquals([last.body, field(last, "connection")], ["last", "close"]);
  await within("the end", closed);
});

Deno.test("a call over a message channel is served alike, with a window in both directions", async () => {
  const server = new ApiServer(serverOptions());
  const { worker, main } = channelPair();
  const served = server.serve(main, async (request) => new Response(await request.text()));
  const body = "0123456789abcdef".repeat(1 << 15);
  const message = new TextEncoder().encode(post(`Content-Length: ${body.length}`, body));
  const sending = (async () => {
    for (let sent = 0; sent < message.length;) sent += await worker.write(message.subarray(sent));
  })();
  let text = "";
  const into = new Uint8Array(10_000);
  while (!text.endsWith(body)) {
    const count = await within("more", worker.read(into));
    assert(count !== null);
    text += new TextDecoder().decode(into.subarray(0, count));
  }
  await sending;
  assertMatch(text.slice(0, 200), /^HTTP\/1\.1 200 OK\r\n/);
  worker.close();
  await within("the end", served);
  await server.close(0);
});

Deno.test("a writer over a message channel waits for its reader, and stops when the reader is gone", async () => {
  const { worker, main } = channelPair();
  const bytes = new Uint8Array(1 << 20);
  let sent = 0;
  const writing = (async () => {
    for (;;) sent += await worker.write(bytes);
  })().catch((error) => error);
  await main.read(new Uint8Array(1));
  assertEquals(sent, 64 * 1024);
  main.close();
  assert(await within("the error", writing) instanceof Deno.errors.BrokenPipe);
  assertEquals(await worker.read(bytes), null);
  worker.close();
});
