import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Ring } from "../../../ring/mod.ts";
import { OK, RawConnection, within } from "../../../tests/harness/raw.ts";
import { gap } from "./record_sampler.ts";
import type { RequestRecord } from "./request_record.ts";
import { ProxyHarness } from "../testing.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const GET = "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7\r\n\r\n";
/** A client that ends its side in the middle of a request has certainly left. */
const HALF_OF_A_POST =
  "POST /a?b=c HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7\r\nContent-Length: 10\r\n\r\n12";
const SLOT = Ring.build({ members: ["Server1"] }).slotOfId(7);
const ERROR = "HTTP/1.1 500 Oh no\r\nContent-Length: 5\r\n\r\nsorry";

/** A worker whose records the test reads. */
class RecordHarness extends ProxyHarness {
  readonly records: RequestRecord[] = [];
  #read = 0;
  #more = Promise.withResolvers<void>();

  constructor(fraction: number, env: Record<string, string> = {}) {
    super(env);
    this.proxy.recorder.sample(fraction);
    this.proxy.recorder.listeners.push({
      recorded: (record) => {
        this.records.push(record);
        this.#more.resolve();
        this.#more = Promise.withResolvers();
      },
    });
  }

  /** The next record. */
  async next(): Promise<RequestRecord> {
    const wait = async () => {
      while (this.records.length <= this.#read) await this.#more.promise;
      return this.records[this.#read++]!;
    };
    return await within("a record", wait());
  }

  /** As the base class does; the record of its request is dropped. */
  override async warm(known?: RawConnection) {
    const warm = await super.warm(known);
    if (this.records.length > 0) this.#read = this.records.length;
    return warm;
  }
}

/** The facts that are the same in every run. */
function facts(record: RequestRecord) {
  const { line, identity, status, outcome, reason, bytesIn, bytesOut } = record;
  const attempts = record.attempts.map(({ replica, failure }) => `${replica} ${failure ?? "ok"}`);
  const holds = record.holds.map(({ why }) => why);
  return { line, identity, attempts, holds, status, outcome, reason, bytesIn, bytesOut };
}

/** The facts of `GET` and its usual response, with changes. */
function factsOf(other: Partial<ReturnType<typeof facts>> = {}) {
  return {
    line: { method: "GET", target: "/a?b=c", minor: 1 },
    identity: { requestId: "7", key: "7", slot: SLOT },
    attempts: ["Server1 ok"],
    holds: [],
    status: 200,
    outcome: "answered",
    reason: undefined,
    bytesIn: 0,
    bytesOut: 2,
    ...other,
  };
}

function assertInOrder(...times: (number | undefined)[]): void {
  for (const [at, time] of times.entries()) {
    assert(time !== undefined && time >= (times[at - 1] ?? 0), times.join(" "));
  }
}

test("a usual request's record has its destination, its times and its byte counts", async () => {
  await using bench = new RecordHarness(1);
  const before = Date.now();
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  await replica.send(OK);
  await client.response();
  const record = await bench.next();
  assertEquals(facts(record), factsOf());
  assertEquals([record.control, record.failed, record.sampled, record.late], [
    false,
    false,
    true,
    false,
  ]);
  const { instance, reused, ...attempt } = record.attempts[0]!;
  assertEquals([record.client, instance, reused], ["127.0.0.1", "i1", true]);
  assertInOrder(
    before - 1,
    record.startedAt,
    attempt.startedAt,
    attempt.firstByteAt,
    attempt.endedAt,
    record.endedAt,
    Date.now() + 1,
  );
  assertEquals(bench.general(), 0);
  client.close();
});

test("bodies count without their framing, on the general path, too", async () => {
  await using bench = new RecordHarness(1);
  const { client, replica } = await bench.warm();
  await client.send(
    "POST /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "3\r\nabc\r\n0\r\n\r\n",
  );
  await replica.until("0\r\n\r\n");
  await replica.send(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  );
  await client.response();
  assertEquals(
    facts(await bench.next()),
    factsOf({ line: { method: "POST", target: "/a", minor: 1 }, bytesIn: 3, bytesOut: 5 }),
  );
  client.close();
});

test("each attempt is recorded, with its failure", async () => {
  await using bench = new RecordHarness(1);
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  // The server closed the connection as it was reused: no evidence, and the request is sent again.
  replica.close();
  const second = await bench.upstream.accept();
  await second.request();
  await second.send(OK);
  await client.response();
  const record = await bench.next();
  assertEquals(facts(record), factsOf({ attempts: ["Server1 stale", "Server1 ok"] }));
  assertEquals(record.attempts.map(({ reused }) => reused), [true, false]);
  client.close();
});

test("a wait is recorded with its cause, and a client that leaves as `left`", async () => {
  await using bench = new RecordHarness(1);
  bench.publish({ away: true });
  using patient = await RawConnection.to(bench.acceptor.port);
  using leaving = await RawConnection.to(bench.acceptor.port);
  await patient.send(GET);
  await leaving.send(HALF_OF_A_POST);
  await within("both wait", waiting(bench, 2));
  leaving.close();
  const left = await bench.next();
  assertEquals(
    facts(left),
    factsOf({
      line: { method: "POST", target: "/a?b=c", minor: 1 },
      ...{ attempts: [], holds: ["hold"], status: 0, outcome: "left", bytesIn: 2, bytesOut: 0 },
    }),
  );
  bench.publish({});
  const replica = await bench.upstream.accept();
  await replica.request();
  await replica.send(OK);
  await patient.response();
  const record = await bench.next();
  assertEquals(facts(record), factsOf({ holds: ["hold"] }));
  const [hold, attempt] = [record.holds[0]!, record.attempts[0]!];
  assertInOrder(record.startedAt, hold.startedAt, hold.endedAt, attempt.startedAt, record.endedAt);
});

async function waiting(bench: ProxyHarness, count: number): Promise<void> {
  while (bench.proxy.waitingRoom.count < count) await new Promise((r) => setTimeout(r));
}

test("a broken response is recorded with the part that arrived", async () => {
  await using bench = new RecordHarness(1);
  const { client, replica } = await bench.warm();
  await client.send(GET);
  await replica.request();
  await replica.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  await client.until("half");
  replica.close();
  await client.rest();
  assertEquals(
    facts(await bench.next()),
    factsOf({ attempts: ["Server1 broken"], outcome: "broken", bytesOut: 4 }),
  );
  client.close();
});

test("a refused request is recorded with the reason", async (t) => {
  await using bench = new RecordHarness(1, { LB_MAX_BODY_BYTES: "10", LB_HOLD: "fail" });
  const refused = async (request: string) => {
    using client = await RawConnection.to(bench.acceptor.port);
    await client.send(request);
    await client.response();
    const { line, status, outcome, reason, detail, bytesOut } = await bench.next();
    assertEquals(outcome, "refused");
    assert(bytesOut > detail.length);
    return [line?.target, status, reason, detail];
  };
  await t.step("a malformed request has no line", async () => {
    assertEquals(await refused("GET /\r\n\r\n"), [
      undefined,
      400,
      "fault",
      "The request line must be method, target and version, one space apart",
    ]);
  });
  await t.step("a request that is too large has one", async () => {
    const post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n";
    assertEquals(await refused(post), ["/a", 413, "fault", "The body is too large"]);
  });
  await t.step("a request without a ready replica has one", async () => {
    bench.publish({ away: true });
    const [target, status, reason] = await refused(GET);
    assertEquals([target, status, reason], ["/a?b=c", 503, "none"]);
  });
});

test("failed requests are recorded even if not sampled", async (t) => {
  await using bench = new RecordHarness(1e-300);
  const { client, replica } = await bench.warm();
  const exchange = async (answer: string) => {
    await client.send(GET);
    await replica.request();
    await replica.send(answer);
    await client.response();
  };
  await exchange(OK);
  await exchange(ERROR);
  await t.step("by the replica", async () => {
    const record = await bench.next();
    assertEquals(facts(record), factsOf({ status: 500, bytesOut: 5 }));
    assertEquals([record.failed, record.sampled, record.late], [true, false, false]);
    assertEquals(record.attempts[0]?.reused, true);
  });
  await t.step("by the balancer", async () => {
    bench.publish({ away: true });
    const own = await RawConnection.to(bench.acceptor.port);
    await own.send(HALF_OF_A_POST);
    await within("it waits", waiting(bench, 1));
    own.close();
    // The request has not failed: listeners receive its late record, too, and check `failed`.
    const record = await bench.next();
    assertEquals([record.failed, record.outcome, record.holds.length], [false, "left", 1]);
  });
  assertEquals(bench.records.length, 2);
  client.close();
});

test("with partial timing, a failed request is recorded from its failure on", async () => {
  await using bench = new RecordHarness(1e-300);
  const { client, replica } = await bench.warm();
  const { deadlines, counters: { timingSampler } } = bench.proxy;
  // The test drives the ticks from here on.
  deadlines.close();
  for (let seen = 0; seen < 1000; seen++) timingSampler.next();
  timingSampler.tick();
  for (const answer of [OK, ERROR]) {
    await client.send(GET);
    await replica.request();
    await replica.send(answer);
    await client.response();
  }
  const record = await bench.next();
  assertEquals(facts(record), factsOf({ status: 500, bytesOut: 5 }));
  assertEquals([record.late, bench.records.length], [true, 1]);
  assertInOrder(record.startedAt, record.attempts[0]?.startedAt, record.endedAt);
  client.close();
});

Deno.test("each request is sampled with the same probability", () => {
  for (const fraction of [0.5, 0.1, 0.01, 0.001]) {
    let sum = 0;
    const draws = 100_000;
    for (let at = 0; at < draws; at++) sum += gap(fraction, (at + 0.5) / draws);
    assertAlmostEquals(fraction * sum / draws, 1, 0.01);
  }
  assert(gap(1e-300, 0.5) > 1e299);
  assertEquals([gap(1, 0.7), gap(0, 0.7), gap(0.5, 0)], [1, Infinity, 1]);
});
