import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { httpProbe } from "./http_probe.ts";
import type { Miss } from "./probe.ts";
import { KeptConnection } from "./probe_connection.ts";

const never = new AbortController().signal;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** The scripted response to one request. */
interface Turn {
  /** Bytes of the response. */
  readonly answer: string;
  /** Bytes that follow after the heartbeat; empty to end the connection then. */
  readonly later?: string;
  /** Ends the connection afterwards. */
  readonly end?: boolean;
}

/** An instance that responds by a script. */
class Instance implements AsyncDisposable {
  connections = 0;
  readonly requests: string[] = [];
  /** Resolves once the instance has ended, or has seen the end of, its latest connection. */
  ended: Promise<void> = Promise.resolve();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #script: (connection: number, request: number) => Turn;
  #later: (() => Promise<void>) | undefined;

  constructor(script: (connection: number, request: number) => Turn) {
    this.#script = script;
    this.#accept();
  }

  get address(): { hostname: string; port: number } {
    const { hostname, port } = this.#listener.addr as Deno.NetAddr;
    return { hostname, port };
  }

  /** Sends what the last turn left for later. */
  async finish(): Promise<void> {
    await this.#later?.();
    this.#later = undefined;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const number = ++this.connections;
      this.ended = this.#serve(connection, number);
    }
  }

  async #serve(connection: Deno.Conn, number: number): Promise<void> {
    const bytes = new Uint8Array(4096);
    for (let request = 1;; request++) {
      const count = await connection.read(bytes).catch(() => null);
      if (count === null) return closed(connection);
      this.requests.push(new TextDecoder().decode(bytes.subarray(0, count)));
      const { answer, later, end } = this.#script(number, request);
      if (later !== undefined) this.#later = () => finish(connection, later);
      await connection.write(new TextEncoder().encode(answer));
      if (end) return closed(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.ended;
  }
}

/** Closes a connection that may be closed already. */
function closed(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

async function finish(connection: Deno.Conn, later: string): Promise<void> {
  if (later === "") connection.close();
  else await connection.write(new TextEncoder().encode(later));
}

/** Heartbeats to one instance, as its loop sends them. */
class Heartbeats implements Disposable {
  readonly #probe = httpProbe({ path: "/well" });
  readonly #keep = new KeptConnection();
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  send(deadlineMs = 5000): Promise<Miss | undefined> {
    return this.#probe(this.#instance.address, deadlineMs, never, "S", this.#keep);
  }

  /** Waits until the connection can or cannot carry another heartbeat. */
  async until(usable: boolean): Promise<void> {
    const end = performance.now() + 30_000;
    while ((this.#keep.usable !== undefined) !== usable) {
      assert(performance.now() < end, `the connection never became usable: ${usable}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  [Symbol.dispose](): void {
    this.#keep.close();
  }
}

test("heartbeats of one instance go over one connection", async () => {
  await using instance = new Instance(() => ({ answer: OK }));
  using heartbeats = new Heartbeats(instance);
  for (let sent = 0; sent < 5; sent++) {
    assertEquals(await heartbeats.send(), undefined);
    await heartbeats.until(true);
  }
  assertEquals(instance.connections, 1);
  const [head = ""] = instance.requests;
  const { hostname, port } = instance.address;
  assertMatch(head, /^GET \/well HTTP\/1\.1\r\n/);
  assert(head.includes(`\r\nHost: ${hostname}:${port}\r\n`), head);
});

test("each twentieth heartbeat needs a new connection", async () => {
  await using instance = new Instance(() => ({ answer: OK }));
  using heartbeats = new Heartbeats(instance);
  for (let sent = 0; sent < 41; sent++) {
    assertEquals(await heartbeats.send(), undefined);
    await heartbeats.until(true);
  }
  assertEquals(instance.connections, 3);
});

test("a connection that the instance ended between two heartbeats is no miss", async () => {
  await using instance = new Instance(() => ({ answer: OK, later: "" }));
  using heartbeats = new Heartbeats(instance);
  assertEquals(await heartbeats.send(), undefined);
  await heartbeats.until(true);
  await instance.finish();
  await heartbeats.until(false);
  assertEquals(await heartbeats.send(), undefined);
  assertEquals(instance.connections, 2);
});

test("a connection that ends at a heartbeat is tried again once over a new one", async () => {
  await using instance = new Instance((connection, request) =>
    connection === 1 && request === 2 ? { answer: "", end: true } : { answer: OK }
  );
  using heartbeats = new Heartbeats(instance);
  assertEquals(await heartbeats.send(), undefined);
  await heartbeats.until(true);
  assertEquals(await heartbeats.send(), undefined);
  assertEquals([instance.connections, instance.requests.length], [2, 3]);
});

test("a new connection that ends at a heartbeat is a miss", async () => {
  await using instance = new Instance((_, request) =>
    request === 2 ? { answer: "", end: true } : { answer: OK }
  );
  using heartbeats = new Heartbeats(instance);
  assertEquals(await heartbeats.send(), undefined);
  await using dying = new Instance(() => ({ answer: "", end: true }));
  using others = new Heartbeats(dying);
  const { port } = dying.address;
  assertEquals(await others.send(), {
    reason: `the connection ended before an answer on port ${port}`,
    refused: false,
  });
});

test("bytes received between two heartbeats do not answer the next one", async () => {
  const timeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
  await using instance = new Instance((connection) =>
    connection === 1 ? { answer: OK, later: timeout } : { answer: OK }
  );
  using heartbeats = new Heartbeats(instance);
  assertEquals(await heartbeats.send(), undefined);
  await heartbeats.until(true);
  await instance.finish();
  await heartbeats.until(false);
  assertEquals(await heartbeats.send(), undefined);
  assertEquals(instance.connections, 2);
});

test("the answer's body may come late, in chunks or of a known length", async () => {
  const bodies: [string, string][] = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "llo"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "llo\r\n0\r\n\r\n"],
    ["HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 302 Found\r\nContent-Length: 1\r\n\r\n", "x"],
  ];
  for (const [answer, later] of bodies) {
    await using instance = new Instance(() => ({ answer, later }));
    using heartbeats = new Heartbeats(instance);
    for (let sent = 0; sent < 2; sent++) {
      assertEquals(await heartbeats.send(), undefined);
      await instance.finish();
      await heartbeats.until(true);
    }
    assertEquals(instance.connections, 1);
  }
});

test("a connection is not kept if it ends the body, or if the instance closes it", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\n\r\nendless",
    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n${OK}`,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    `HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n${"x".repeat(40_000)}`,
  ];
  for (const answer of answers) {
    await using instance = new Instance(() => ({ answer }));
    using heartbeats = new Heartbeats(instance);
    for (let sent = 1; sent <= 2; sent++) {
      assertEquals(await heartbeats.send(), undefined, answer.slice(0, 80));
      // Only the read of a missing body is in progress.
      if (!answer.startsWith("HTTP/1.1 200 OK\r\n\r\n")) await instance.ended;
    }
    assertEquals(instance.connections, 2, answer.slice(0, 80));
  }
});

test("an invalid HTTP response is a miss with its reason", async () => {
  const answers: [string, RegExp][] = [
    ["SSH-2.0-OpenSSH_9.6\r\n\r\n", /malformed answer on port \d+: The status line/],
    ["HTTP/1.1 200 OK\nContent-Length: 0\n\n", /malformed answer .* without CRLF/],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", /^101 from \/well$/],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(200_000)}`, /the head is too large/],
    ["HTTP/1.1 100 Continue\r\n\r\n".repeat(100), /too many interim responses/],
  ];
  for (const [answer, reason] of answers) {
    await using instance = new Instance(() => ({ answer }));
    using heartbeats = new Heartbeats(instance);
    const missed = await heartbeats.send();
    assertMatch(missed?.reason ?? "", reason);
    assertEquals(missed?.refused, false);
  }
});

test("a silent kept connection is a miss at the deadline, and is dropped", async () => {
  await using instance = new Instance((connection, request) => ({
    answer: connection === 1 && request === 2 ? "HTTP/1.1 20" : OK,
  }));
  using heartbeats = new Heartbeats(instance);
  assertEquals(await heartbeats.send(), undefined);
  await heartbeats.until(true);
  const missed = await heartbeats.send(50);
  assertEquals(missed, { reason: "no answer within 50 ms", refused: false, overdue: true });
  assertEquals(await heartbeats.send(), undefined);
  assertEquals(instance.connections, 2);
});

test("an error with an endless body is a miss with the received part", async () => {
  await using instance = new Instance(() => ({
    answer: "HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nno database",
  }));
  using heartbeats = new Heartbeats(instance);
  const missed = await heartbeats.send(300);
  assertEquals(missed, { reason: "503 from /well: no database", refused: false });
});

test("a connection is closed with its loop, also during a heartbeat", async () => {
  await using instance = new Instance((_, request) => ({ answer: request === 1 ? OK : "" }));
  const keep = new KeptConnection();
  const closed = new AbortController();
  const probe = httpProbe({ path: "/" });
  await probe(instance.address, 5000, closed.signal, "S", keep);
  const asking = probe(instance.address, 5000, closed.signal, "S", keep);
  closed.abort();
  keep.close();
  await asking;
  await instance.ended;
  await probe(instance.address, 5000, never, "S", keep);
  await instance.ended;
});
