import { assert, assertEquals, assertMatch } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import type { Address, Evidence, Upstream } from "../view.ts";
import { Forwarder } from "./forwarder.ts";

/** A forwarder in front of real servers; every request goes to `first` while it is ready. */
class Bench implements AsyncDisposable {
  readonly evidence: Evidence[] = [];
  readonly forwarder: Forwarder;
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(responseMs = 5000) {
    this.forwarder = new Forwarder({
      keySource: { from: "request-id" },
      patience: { connectMs: 1000, responseMs },
      report: (evidence) => this.evidence.push(evidence),
    });
  }

  /** Publishes a view in which these addresses are Server1, Server2, …. */
  route(...addresses: Address[]): void {
    const upstreams = addresses.map((address, i): Upstream => {
      return { name: `Server${i + 1}`, instance: `i${i + 1}`, address };
    });
    const ring = Ring.build({ members: upstreams.map(({ name }) => name) });
    const ready = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
    this.forwarder.publish({ version: 1, ring, ready });
  }

  serve(handler: (request: Request) => Response | Promise<Response>): Address {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
    this.#closers.push(() => server.shutdown());
    return { hostname: "127.0.0.1", port: server.addr.port };
  }

  /** Accepts connections and does with each what the test says. */
  accept(onConnection: (connection: Deno.TcpConn) => Promise<void> | void): Address {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const accepting = (async () => {
      for await (const connection of listener) await onConnection(connection);
    })();
    this.#closers.push(() => {
      listener.close();
      return accepting;
    });
    return { hostname: "127.0.0.1", port: listener.addr.port };
  }

  /** Sends a request whose first choice is Server1. */
  send(init: RequestInit = {}, target = "/"): Promise<Response> {
    const headers = new Headers(init.headers);
    const id = headers.get("x-request-id") ?? this.#idOfServer1;
    headers.set("x-request-id", id);
    const request = new Request("http://example.org/", { ...init, headers });
    return this.forwarder.handle(request, target, "192.0.2.1");
  }

  get #idOfServer1(): string {
    const ring = Ring.build({ members: ["Server1", "Server2"] });
    let id = 0;
    while (ring.ownerOfId(id) !== "Server1") id++;
    return String(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.forwarder.close();
    for (const close of this.#closers) await close();
  }
}

function unusedAddress(): Address {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  return { hostname: "127.0.0.1", port };
}

Deno.test("method, target, fields and body reach the replica, its answer reaches the client", async () => {
  await using bench = new Bench();
  bench.route(bench.serve(async (request) =>
    Response.json({
      method: request.method,
      url: request.url.replace(/^http:\/\/[^/]+/, ""),
      custom: request.headers.get("x-custom"),
      via: request.headers.get("via"),
      length: request.headers.get("content-length"),
      body: await request.text(),
    }, { status: 201, headers: { "x-answer": "1" } })
  ));
  const response = await bench.send({
    method: "PUT",
    body: "hello",
    headers: { "x-custom": "c", "content-length": "5" },
  }, "/a/../b?x=%20&y");
  assertEquals([response.status, response.headers.get("x-answer")], [201, "1"]);
  assertEquals(await response.json(), {
    method: "PUT",
    url: "/a/../b?x=%20&y",
    custom: "c",
    via: "1.1 ringkeeper",
    length: "5",
    body: "hello",
  });
});

Deno.test("a request without an id gets one, and the client is told which", async () => {
  await using bench = new Bench();
  bench.route(bench.serve((request) => new Response(request.headers.get("x-request-id"))));
  const request = new Request("http://example.org/");
  const response = await bench.forwarder.handle(request, "/", "192.0.2.1");
  const id = response.headers.get("x-request-id") ?? "";
  assertMatch(id, /^[0-9a-f-]{36}$/);
  assertEquals(await response.text(), id);
});

Deno.test("a body arrives piece by piece in both directions", async () => {
  await using bench = new Bench();
  bench.route(bench.serve((request) => new Response(request.body)));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const response = bench.send({ method: "POST", body: readable });
  await writer.write(new TextEncoder().encode("one"));
  const reader = (await response).body?.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader?.read())?.value, "one");
  await writer.write(new TextEncoder().encode("two"));
  assertEquals((await reader?.read())?.value, "two");
  await writer.close();
  assertEquals((await reader?.read())?.done, true);
});

Deno.test("a refused connection is evidence, and the next name of the ring answers", async () => {
  await using bench = new Bench();
  bench.route(unusedAddress(), bench.serve(() => new Response("second")));
  const response = await bench.send({ method: "POST", body: "kept" });
  assertEquals([response.status, await response.text()], [200, "second"]);
  assertEquals(bench.evidence, [{ name: "Server1", instance: "i1", kind: "refused" }]);
});

Deno.test("a reset connection is retried for GET and answered 502 for POST", async () => {
  await using bench = new Bench();
  const hangUp = bench.accept(async (connection) => {
    await connection.read(new Uint8Array(4096));
    connection.close();
  });
  bench.route(hangUp, bench.serve(() => new Response("second")));
  assertEquals(await (await bench.send()).text(), "second");
  const post = await bench.send({ method: "POST", body: "x" });
  assertEquals(post.status, 502);
  assertEquals(await post.json(), {
    message: "<Error> the replica's connection was reset",
    status: "failure",
  });
  assertEquals(bench.evidence.map(({ kind }) => kind), ["reset", "reset"]);
});

/** Answers the first request of each connection and cuts the connection off at the second. */
async function answerOnce(connection: Deno.TcpConn, seen: string[]): Promise<void> {
  const buffer = new Uint8Array(4096);
  const read = async () => {
    const n = await connection.read(buffer);
    seen.push(new TextDecoder().decode(buffer.subarray(0, n ?? 0)).split(" ", 1)[0] ?? "");
  };
  await read();
  await connection.write(
    new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
  );
  read().then(() => connection.close());
}

Deno.test("an idle connection that its server closed is no evidence, and a GET is sent again", async () => {
  await using bench = new Bench();
  const seen: string[] = [];
  bench.route(bench.accept((connection) => answerOnce(connection, seen)));
  assertEquals(await (await bench.send()).text(), "ok");
  assertEquals(await (await bench.send()).text(), "ok");
  assertEquals([seen, bench.evidence], [["GET", "GET", "GET"], []]);
});

Deno.test("a POST never meets a connection that its server is closing", async () => {
  await using bench = new Bench();
  const seen: string[] = [];
  bench.route(bench.accept((connection) => answerOnce(connection, seen)));
  assertEquals(await (await bench.send()).text(), "ok");
  const post = await bench.send({ method: "POST", body: "once" });
  assertEquals([post.status, await post.text()], [200, "ok"]);
  assertEquals([seen, bench.evidence], [["GET", "POST"], []]);
});

Deno.test("a replica that does not answer in time is a 504", async () => {
  await using bench = new Bench(20);
  const held: Deno.TcpConn[] = [];
  bench.route(bench.accept((connection) => void held.push(connection)));
  const response = await bench.send();
  assertEquals(response.status, 504);
  assertEquals((await response.json()).message, "<Error> the replica did not answer in time");
  assertEquals(bench.evidence.map(({ kind }) => kind), ["timeout"]);
  for (const connection of held) connection.close();
});

Deno.test("an answer that is no HTTP is a 502", async () => {
  await using bench = new Bench();
  bench.route(bench.accept(async (connection) => {
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode("SSH-2.0-x\r\n\r\n"));
    connection.close();
  }));
  const response = await bench.send();
  assertEquals(response.status, 502);
  await response.body?.cancel();
});

Deno.test("without a ready replica the answer is 503 with Retry-After", async () => {
  await using bench = new Bench();
  bench.route();
  const response = await bench.send();
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertEquals(await response.json(), {
    message: "<Error> no replica is ready; try again",
    status: "failure",
  });
});

Deno.test("an answer that breaks off does not end like a whole one", async () => {
  await using bench = new Bench();
  bench.route(bench.accept(async (connection) => {
    await connection.read(new Uint8Array(4096));
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    );
    connection.close();
  }));
  const response = await bench.send();
  const end = await response.text().then(() => "whole", () => "broken");
  assertEquals(end, "broken");
});

Deno.test("an instance is busy until its answer has come to its end", async () => {
  await using bench = new Bench();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  bench.route(bench.serve(() => new Response(readable)));
  const response = await bench.send();
  assertEquals(await bench.forwarder.idle("i1", 1), false);
  const idle = bench.forwarder.idle("i1", 60_000);
  await writable.close();
  assert(await idle);
  await response.text();
});

Deno.test("a client that goes away aborts the request to the replica", async () => {
  await using bench = new Bench();
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  bench.route(bench.accept(async (connection) => {
    const buffer = new Uint8Array(4096);
    await connection.read(buffer);
    asked.resolve();
    while (await connection.read(buffer).catch(() => null) !== null);
    connection.close();
    gone.resolve();
  }));
  const client = new AbortController();
  const answer = bench.send({ signal: client.signal });
  await asked.promise;
  client.abort();
  await gone.promise;
  assertEquals((await answer).status, 502);
  assertEquals(bench.evidence, []);
});
