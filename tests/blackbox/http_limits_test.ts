import { assertEquals } from "@std/assert";
import {
  balancerFor,
  DEADLINE_MS,
  field,
  get,
  OK,
  type RawBalancer,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const LIMITS = {
  LB_MAX_REQUEST_LINE_BYTES: "100",
  LB_MAX_HEAD_BYTES: "1000",
  LB_MAX_FIELDS: "10",
  LB_MAX_BODY_BYTES: "50",
};

/** The answer to a request that is sent in pieces of this many bytes. */
async function inPieces(balancer: RawBalancer, text: string, size: number): Promise<RawMessage> {
  using client = await balancer.connect();
  const send = async () => {
    for (let at = 0; at < text.length; at += size) {
      await client.send(text.slice(at, at + size));
      if (size > 1 && size < text.length) await balancer.seen();
    }
  };
  // A refused request need not be read to its end.
  const sent = send().catch((error) => {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  });
  const response = await client.response();
  if (statusOf(response) !== 200) {
    assertEquals(field(response, "connection"), "close");
    assertEquals(JSON.parse(response.body).status, "failure");
  }
  await sent;
  return response;
}

function lineOf(bytes: number): string {
  return get(`/${"x".repeat(bytes - "GET / HTTP/1.1".length)}`);
}

function headOf(bytes: number): string {
  return get("/", `X: ${"x".repeat(bytes - get("/", "X: ").length)}`);
}

function fieldsOf(count: number): string {
  return get("/", ...Array.from({ length: count - 1 }, (_, i) => `X-${i}: ${i}`));
}

function bodyOf(bytes: number): string {
  return `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;
}

function chunksOf(bytes: number): string {
  const chunks = "1\r\nx\r\n".repeat(bytes);
  return `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

test("requests have bounds that hold for every split of the bytes", async (t) => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], LIMITS);
  const table = [
    ["a request line", 414, lineOf(100), lineOf(101)],
    ["a head", 431, headOf(1000), headOf(1001)],
    ["fields", 431, fieldsOf(10), fieldsOf(11)],
    ["a body with a length", 413, bodyOf(50), bodyOf(51)],
    ["a body in chunks", 413, chunksOf(50), chunksOf(51)],
  ] as const;
  for (const [name, status, fits, exceeds] of table) {
    await t.step(`${name}: ${status} above`, async () => {
      for (const size of [100_000, 100, 1]) {
        assertEquals(statusOf(await inPieces(balancer, fits, size)), 200, `fits, by ${size}`);
        const answer = await inPieces(balancer, exceeds, size);
        assertEquals(statusOf(answer), status, `by ${size}: ${answer.line} ${answer.body}`);
      }
    });
  }

  await t.step("a request line or a head without an end is refused before it has one", async () => {
    for (const [text, status] of [["GET /" + "x".repeat(200), 414], [headOf(2000), 431]]) {
      const answer = await inPieces(balancer, String(text).slice(0, -4), 50);
      assertEquals(statusOf(answer), Number(status));
    }
  });

  await t.step("a declared body is refused before anything of it is sent on", async () => {
    const before = upstream.requests.length;
    await inPieces(balancer, bodyOf(51), 1000);
    assertEquals(upstream.requests.length, before);
    assertEquals((await balancer.balancer.status()).ready, 1);
  });

  await t.step("none of it is a failure of the balancer or of a replica", async () => {
    assertEquals(await balancer.failures(), {});
  });
});

test("a head of the maximum length is forwarded with the added fields", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], {
    LB_MAX_REQUEST_LINE_BYTES: "65536",
    LB_MAX_HEAD_BYTES: "65536",
  });
  for (const text of [headOf(65536), lineOf(65000), headOf(3072), headOf(4096), headOf(2048)]) {
    assertEquals(statusOf(await inPieces(balancer, text, 1 << 20)), 200, `${text.length}`);
  }
});

test("a response's head has the same bound for every split of its bytes", async (t) => {
  const head = (bytes: number) => {
    const bare = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\n\r\n";
    return bare.replace("X: ", `X: ${"x".repeat(bytes - bare.length)}`);
  };
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], {
    LB_MAX_HEAD_BYTES: "3000",
    LB_HEALTH_PATH: "/heartbeat",
  });
  for (const [bytes, status] of [[3000, 200], [3001, 502], [6000, 502]] as const) {
    for (const cut of [0, 1000, 2999]) {
      await t.step(`${bytes} bytes, cut at ${cut}: ${status}`, async () => {
        using client = await balancer.connect();
        await client.send(get("/", "Connection: close"));
        using server = await upstream.accept();
        await server.request();
        await server.send(head(bytes).slice(0, cut));
        await balancer.seen();
        await server.send(head(bytes).slice(cut));
        assertEquals(statusOf(await client.response()), status);
      });
    }
  }
});

test("connections in all are bounded", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], { LB_MAX_CONNECTIONS: "20" });
  const clients: Disposable[] = [];
  let refused: RawMessage | undefined;
  while (!refused) {
    const client = await balancer.connect();
    clients.push(client);
    await client.send(get());
    const answer = await client.response();
    if (statusOf(answer) !== 200) refused = answer;
    assertEquals(clients.length <= 21, true);
  }
  assertEquals(statusOf(refused), 503);
  assertEquals([field(refused, "connection"), field(refused, "retry-after")], ["close", "1"]);
  assertEquals(JSON.parse(refused.body).status, "failure");
  for (const client of clients) client[Symbol.dispose]();
  await untilServed(balancer);
});

/** Asks until the worker has noticed that other clients left. */
async function untilServed(balancer: RawBalancer): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  let status = 0;
  while (status !== 200 && Date.now() < deadline) status = statusOf(await balancer.ask(get()));
  assertEquals(status, 200);
}

async function curlFrom(address: string, port: number): Promise<string> {
  const { stdout } = await new Deno.Command("curl", {
    args: ["-s", "-w", "%{http_code}", "--interface", address, `http://127.0.0.1:${port}/`],
  }).output();
  return new TextDecoder().decode(stdout);
}

test("connections from one address are bounded, and others are not in their way", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], { LB_MAX_CONNECTIONS_PER_CLIENT: "5" });
  const clients: Disposable[] = [];
  let status = 200;
  while (status === 200) {
    const client = await balancer.connect();
    clients.push(client);
    await client.send(get());
    status = statusOf(await client.response());
    assertEquals(clients.length <= 6, true);
  }
  assertEquals(status, 503);
  assertEquals(await curlFrom("127.0.0.2", balancer.port), "ok200");
  assertEquals((await curlFrom("127.0.0.1", balancer.port)).slice(-3), "503");
  for (const client of clients) client[Symbol.dispose]();
});
