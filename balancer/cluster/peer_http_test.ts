import { assert, assertEquals, assertRejects } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { FailureLimit } from "../control/auth/rate_limit.ts";
import { HttpPeers } from "./peer_http.ts";

const SECRET = "a".repeat(64);
const SIGNATURE = "ringkeeper-signature";

/** A balancer's end of the messages on a real port. */
class End implements AsyncDisposable {
  readonly texts: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(readonly peers: HttpPeers, server: Deno.HttpServer<Deno.NetAddr>) {
    this.#server = server;
  }

  static async open(secret = SECRET, deadlineMs = 2000): Promise<End> {
    const options = { secret, addresses: [], deadlineMs, limit: new FailureLimit() };
    const peers = await HttpPeers.open(options);
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => peers.answer(request, "192.0.2.1"),
    );
    const end = new End(peers, server);
    peers.listen((text) => {
      if (text === "misdirected") return false;
      end.texts.push(text);
      return true;
    });
    return end;
  }

  get address(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  post(headers: Record<string, string> = {}, path = "/_lb/peer"): Promise<Response> {
    return fetch(`http://${this.address}${path}`, { method: "POST", body: "text", headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.peers.close();
    await this.#server.shutdown();
  }
}

test("messages over HTTP: a text with the fleet's signature arrives, also by the second address", async () => {
  await using one = await End.open();
  await using two = await End.open();
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const closed = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  await one.peers.send({ id: "two", addresses: [closed, two.address] }, "first");
  await one.peers.send({ id: "two", addresses: [closed, two.address] }, "second ✓");
  assertEquals(two.texts, ["first", "second ✓"]);
  const nowhere = one.peers.send({ id: "three", addresses: [closed] }, "x");
  await assertRejects(() => nowhere, Error, `balancer three at ${closed} cannot be reached`);
  const wrong = one.peers.send({ id: "two", addresses: [two.address] }, "misdirected");
  await assertRejects(() => wrong, Error, "answered 421");
});

test("messages over HTTP: without the key nothing is delivered, and repeated attempts are refused", async () => {
  await using stranger = await End.open("b".repeat(64));
  await using end = await End.open();
  const send = stranger.peers.send({ id: "end", addresses: [end.address] }, "evidence");
  await assertRejects(() => send, Error, "answered 401");
  const statuses: number[] = [];
  for (const signature of ["", "ff", "g".repeat(64), "0".repeat(64), "0".repeat(65)]) {
    const response = await end.post({ [SIGNATURE]: signature });
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assertEquals(statuses, [401, 401, 401, 401, 401]);
  const other = await end.post({}, "/_lb/status");
  await other.body?.cancel();
  assertEquals(other.status, 404);
  let last: Response | undefined;
  for (let n = 0; n < 20; n++) {
    last = await end.post();
    await last.body?.cancel();
  }
  assertEquals(last?.status, 429);
  assert(Number(last?.headers.get("retry-after")) > 0);
  assertEquals(end.texts, []);
});

test("messages over HTTP: a body that is too long is refused, and a silent balancer costs its deadline only", async () => {
  await using end = await End.open();
  const long = await fetch(`http://${end.address}/_lb/peer`, {
    method: "POST",
    body: new Uint8Array(5 * 1024 * 1024),
  });
  await long.body?.cancel();
  assertEquals(long.status, 413);
  await using one = await End.open(SECRET, 100);
  using silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const address = `127.0.0.1:${silent.addr.port}`;
  await assertRejects(
    () => one.peers.send({ id: "silent", addresses: [address] }, "x"),
    Error,
    "cannot be reached",
  );
});
