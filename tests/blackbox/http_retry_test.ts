import { assert, assertEquals } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import {
  balancerFor,
  field,
  get,
  OK,
  type RawBalancer,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Ids whose owner is Server1, so that its failure is seen first. */
const RING = Ring.build({ members: ["Server1", "Server2"] });
const OF_FIRST = Array.from({ length: 1000 }, (_, id) => id)
  .filter((id) => RING.ownerOfId(id) === "Server1");
const ID = `X-Request-Id: ${OF_FIRST[0]}`;

/**
 * Upstreams stay ready as long as their heartbeats are answered, independent of their other
 * responses, and also late on a busy machine.
 */
const PROBED = {
  LB_HEALTH_PATH: "/heartbeat",
  LB_HEARTBEAT_MS: "1000",
  LB_HEARTBEAT_TIMEOUT_MS: "20000",
};

function request(method: string, body = ""): string {
  return `${method} /it HTTP/1.1\r\nHost: a\r\n${ID}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Reads each request and hangs up. */
function broken(): RawUpstream {
  return new RawUpstream(() => undefined);
}

test("a refused connection is followed by the ring's next name", async (t) => {
  for (const [method, body] of [["GET", ""], ["POST", "body"], ["PATCH", "x".repeat(20_000)]]) {
    await t.step(`${method} with ${body?.length} bytes`, async () => {
      const first = new RawUpstream();
      await using second = new RawUpstream(({ line, body: got }) =>
        line.startsWith(method!) && got === body ? OK : undefined
      );
      await using balancer = await balancerFor([first, second]);
      await first[Symbol.asyncDispose]();
      const response = await balancer.ask(request(method!, body));
      assertEquals([statusOf(response), response.body], [200, "ok"]);
      assertEquals(second.requests.length, 1);
    });
  }
});

test("when all replicas refuse, the client gets that error, and later that none is ready", async () => {
  const upstreams = [new RawUpstream(), new RawUpstream()];
  await using balancer = await balancerFor(upstreams);
  for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
  const response = await balancer.ask(request("POST", "x"));
  assertEquals(statusOf(response), 502);
  assertEquals(JSON.parse(response.body).status, "failure");
  await balancer.balancer.until(({ ready }) => ready === 0);
  const none = await balancer.ask(get());
  assertEquals(statusOf(none), 503);
  assertEquals(none.fields.includes("Retry-After: 1"), true);
});

test("a broken connection is followed by the next name where that does no harm", async (t) => {
  await using first = broken();
  await using second = new RawUpstream(({ body }) =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 1}\r\n\r\n=${body}`
  );
  await using balancer = await balancerFor([first, second], PROBED);
  const table = [
    ["GET", "", true],
    ["HEAD", "", true],
    ["OPTIONS", "", true],
    ["DELETE", "", true],
    ["PUT", "small", true],
    ["PUT", "x".repeat(1_000_000), false],
    ["POST", "", false],
    ["POST", "small", false],
    ["PATCH", "small", false],
    ["LOCK", "", false],
  ] as const;
  for (const [method, body, again] of table) {
    await t.step(`${method} with ${body.length} bytes: ${again ? "yes" : "no"}`, async () => {
      const before = [first.requests.length, second.requests.length];
      const response = await balancer.ask(request(method, body), method);
      assertEquals(statusOf(response), again ? 200 : 502);
      if (again && method !== "HEAD") assertEquals(response.body, `=${body}`);
      assertEquals([first.requests.length - before[0]!, second.requests.length - before[1]!], [
        1,
        again ? 1 : 0,
      ]);
    });
  }

  await t.step("no replica was declared dead, because their heartbeats pass", async () => {
    assertEquals((await balancer.balancer.status()).ready, 2);
  });
});

/**
 * Sends a request, and waits until its replica has the connection.
 *
 * @param text the request
 * @returns the client, the replica's connection, and another replica that would answer
 */
async function underway(text: string) {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(new RawUpstream());
  const second = stack.use(new RawUpstream(() => OK));
  const balancer = stack.use(await balancerFor([first, second], PROBED));
  const client = stack.use(await balancer.connect());
  await client.send(text);
  const dying = await first.accept();
  const owned = stack.move();
  return { client, dying, second, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("a request whose body is still coming is not torn between two replicas", async () => {
  const head = `PUT /it HTTP/1.1\r\nHost: a\r\n${ID}\r\nContent-Length: 10\r\n\r\n`;
  await using request = await underway(head);
  const { client, dying, second } = request;
  await dying.head();
  dying.close();
  const response = await client.response();
  assertEquals([statusOf(response), field(response, "connection")], [502, "close"]);
  assertEquals(second.connections.length, 0);
});

test("interim responses of a replica that dies are followed by another's answer", async () => {
  await using request = await underway(get("/", ID));
  const { client, dying } = request;
  await dying.request();
  await dying.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 O");
  assertEquals(statusOf(await client.response()), 103);
  dying.close();
  assertEquals((await client.response()).body, "ok");
});

test("a response that has begun is not begun again elsewhere", async () => {
  await using request = await underway(get("/", ID));
  const { client, dying, second } = request;
  await dying.request();
  await dying.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  await client.until("half");
  dying.close();
  assertEquals((await client.rest()).text, "");
  assertEquals(second.requests, []);
});

async function askMany(balancer: RawBalancer, count: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  using client = await balancer.connect();
  for (let i = 0; i < count; i++) {
    await client.send(get("/", `X-Request-Id: ${OF_FIRST[i % OF_FIRST.length]}`));
    const status = statusOf(await client.response());
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  return statuses;
}

test("a failing fleet is not asked ever more: retries have a budget", async () => {
  await using first = broken();
  await using second = broken();
  await using balancer = await balancerFor([first, second], PROBED);
  const statuses = await askMany(balancer, 300);
  assertEquals([...statuses.keys()], [502]);
  const { length: asked } = first.requests;
  const { length: again } = second.requests;
  assertEquals(asked, 300);
  // 20 % of the requests, and 3 a second over ten seconds.
  assert(again <= 0.2 * 300 + 30, `${again} retries`);
  assert(again >= 30, `${again} retries`);
});
