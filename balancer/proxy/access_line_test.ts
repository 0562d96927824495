import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { formatter } from "../log/style.ts";
import { accessLine, shownKey } from "./access_line.ts";
import { RequestRecord } from "./request_record.ts";

const ID = { from: "request-id" } as const;

/** A request that was sent twice, waited, and was answered. */
function recordOf(changes: Partial<RequestRecord> = {}): RequestRecord {
  const record = new RequestRecord("127.0.0.1", performance.now());
  const at = record.startedAt;
  record.sampled = true;
  record.line = { method: "POST", target: "/home?token=secret", minor: 1 };
  record.identity = { requestId: "r1", key: "r1", slot: 7 };
  record.ask({ name: "Server1", instance: "i1", address: { hostname: "", port: 1 } }, true);
  record.fail("reset");
  record.hold("hold");
  record.unhold();
  record.ask({ name: "Server1", instance: "i2", address: { hostname: "", port: 2 } }, false);
  record.answer(200);
  record.bytesIn = 3;
  record.bytesOut = 56;
  record.end("answered");
  const [first, second] = record.attempts;
  Object.assign(first!, { startedAt: at + 1, endedAt: at + 2 });
  Object.assign(record.holds[0]!, { startedAt: at + 2, endedAt: at + 802.5 });
  Object.assign(second!, { startedAt: at + 802.5, firstByteAt: at + 804.75, endedAt: at + 806 });
  record.endedAt = at + 806;
  return Object.assign(record, changes);
}

function fieldsOf(record: RequestRecord, source: Parameters<typeof shownKey>[2] = ID) {
  const line = accessLine("json", source)(record);
  assert(line.endsWith("}\n") && line.indexOf("\n") === line.length - 1);
  return JSON.parse(line);
}

Deno.test("a line of JSON holds everything by its usual name, in the logger's own shape", () => {
  const record = recordOf();
  const { "@timestamp": timestamp, level, message, logger, ...properties } = fieldsOf(record);
  assertEquals(properties, {
    "client.address": "127.0.0.1",
    "http.request.method": "POST",
    "url.path": "/home",
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
    "http.request.body.size": 3,
    "http.response.body.size": 56,
    "ringkeeper.outcome": "answered",
    "ringkeeper.request_id": "r1",
    "ringkeeper.key": "r1",
    "ringkeeper.slot": 7,
    "ringkeeper.replica": "Server1",
    "ringkeeper.instance": "i2",
    "ringkeeper.attempts": 2,
    "ringkeeper.held_ms": 800.5,
    "ringkeeper.upstream_ms": 3.25,
    "ringkeeper.duration_ms": 806,
  });
  const said: LogRecord = {
    category: ["ringkeeper", "access"],
    level: "info",
    message: [message],
    rawMessage: message,
    timestamp: record.endedAt,
    properties: {},
  };
  const own = JSON.parse(formatter("json")(said));
  assertEquals({ "@timestamp": timestamp, level, message, logger, properties: {} }, own);
  assertEquals(message, "POST /home 200");
});

Deno.test("what is not known is left out", () => {
  const bare = new RequestRecord("::1", 0);
  bare.refuse({ status: 400, reason: "fault", message: 'no "good"' });
  bare.end("refused");
  const { "@timestamp": _, "ringkeeper.duration_ms": ms, ...fields } = fieldsOf(bare);
  assert(ms > 0);
  assertEquals(fields, {
    level: "INFO",
    message: "request 400",
    logger: "ringkeeper.access",
    "client.address": "::1",
    "http.response.status_code": 400,
    "http.request.body.size": 0,
    "http.response.body.size": 0,
    "ringkeeper.outcome": "refused",
    "ringkeeper.reason": "fault",
    "ringkeeper.detail": 'no "good"',
    "ringkeeper.attempts": 0,
    "ringkeeper.held_ms": 0,
    "ringkeeper.upstream_ms": 0,
  });
  const late = fieldsOf(recordOf({ late: true, status: 502 }));
  assertEquals([late.level, late["ringkeeper.late"]], ["WARN", true]);
  assertEquals(
    ["ringkeeper.duration_ms", "ringkeeper.upstream_ms"].filter((one) => one in late),
    [],
  );
  const control = fieldsOf(recordOf({ identity: { requestId: "r", key: undefined, slot: -1 } }));
  assertEquals([control["ringkeeper.control"], control["ringkeeper.replica"]], [true, undefined]);
});

Deno.test("a line of text can be read by people, and steers no terminal", () => {
  const identity = { requestId: "\x9b2J", key: "k\x1b[2J", slot: 7 };
  const line = accessLine("text", { from: "path" })(recordOf({ identity }));
  assertMatch(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00 \[INF\] ringkeeper·access: /);
  assertEquals(
    line.slice(line.indexOf("access: ") + 8),
    "127.0.0.1 POST /home 200, 806.0 ms, upstream 3.3 ms, held 800.5 ms, in 3 B, out 56 B, " +
      "Server1 i2, 2 attempts, slot 7, key k\\x1b[2J, id \\x9b2J\n",
  );
  const left = accessLine("text", ID)(recordOf({ status: 0, outcome: "left" }));
  assertMatch(left, /POST \/home left, .*, left\n$/);
  const colours = accessLine("colours", ID)(recordOf({ status: 503 }));
  assert(colours.includes("\x1b[") && /WRN.*POST \/home 503/.test(colours));
});

Deno.test("a key that may be a credential is told by a hash of it", () => {
  for (const from of ["header", "cookie", "query"] as const) {
    const source = { from, name: "Authorization" };
    // printf %s 'Bearer abc' | sha256sum
    assertEquals(shownKey("Bearer abc", "r1", source), "sha256:c355dce96c16");
    assertEquals(shownKey("r1", "r1", source), "r1");
    const text = accessLine("json", source)(
      recordOf({ identity: { requestId: "r1", key: "Bearer abc", slot: 7 } }),
    );
    assert(!text.includes("abc"));
  }
  const bytes = { from: "header", name: "X-User" } as const;
  // The bytes c3 bc, as a client sent them in a field, and the letter that they are in a query.
  const sum = shownKey("\xc3\xbc", "r1", bytes);
  assertEquals(shownKey("ü", "r1", { from: "query", name: "user" }), sum);
  assertEquals(shownKey("/home", "r1", { from: "path" }), "/home");
});

Deno.test("what clients send is no longer in a line than it has to be", () => {
  const target = `/${"x".repeat(5000)}?y`;
  const identity = { requestId: "i".repeat(5000), key: "k", slot: 7 };
  const line = { method: "GET", target, minor: 1 } as const;
  assert(accessLine("json", ID)(recordOf({ line, identity })).length < 4096);
  assert(accessLine("text", ID)(recordOf({ line, identity })).length < 4096);
});
