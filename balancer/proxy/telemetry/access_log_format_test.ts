import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { formatter } from "../../log/style.ts";
import { type AccessLine, accessLine } from "./access_log_format.ts";
import { KeyRedaction } from "./key_redaction.ts";
import { RequestRecord } from "./request_record.ts";

const ID = new KeyRedaction({ from: "request-id" });

/** A request that was tried twice, waited, and was answered. */
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

/** The same request as a record of the logger. */
function said(record: RequestRecord, message: string): LogRecord {
  return {
    category: ["ringkeeper", "access"],
    level: record.failed ? "warning" : "info",
    message: [message],
    rawMessage: message,
    timestamp: record.endedAt,
    properties: {},
  };
}

function fieldsOf(record: RequestRecord) {
  const line = accessLine("json", ID)(record);
  assert(line.endsWith("}\n") && line.indexOf("\n") === line.length - 1);
  return JSON.parse(line);
}

Deno.test("a JSON line has all fields by their usual names, in the logger's own format", () => {
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
  const own = JSON.parse(formatter("json")(said(record, message)));
  assertEquals({ "@timestamp": timestamp, level, message, logger }, own);
  assertEquals(message, "POST /home 200");
});

Deno.test("a JSON line knows the client's TLS and its stream", () => {
  const record = recordOf({
    ...{ secure: true, http2: true, streamId: 5 },
    tls: { version: "TLSv1.3", serverName: "a.test" },
  });
  const fields = fieldsOf(record);
  const names = [
    ...["network.protocol.version", "url.scheme", "tls.protocol.version"],
    ...["tls.client.server_name", "ringkeeper.stream"],
  ];
  assertEquals(names.map((name) => fields[name]), ["2", "https", "1.3", "a.test", 5]);
});

Deno.test("unknown fields are left out", () => {
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

Deno.test("a text line begins as the logger's lines do, on a terminal, too", () => {
  for (const style of ["text", "colours"] as const) {
    for (const status of [200, 503]) {
      const record = recordOf({ status });
      const line = accessLine(style, ID)(record);
      const text = line.slice(line.indexOf("127.0.0.1 "), -1);
      assertEquals(line, formatter(style)(said(record, text)));
    }
  }
});

Deno.test("a text line is readable, and contains no terminal control characters", () => {
  const identity = { requestId: "\x9b2J", key: "k\x1b[2J", slot: 7 };
  const tail = (line: string) => line.slice(line.indexOf("access: ") + 8);
  assertEquals(
    tail(accessLine("text", new KeyRedaction({ from: "path" }))(recordOf({ identity }))),
    "127.0.0.1 POST /home 200, 806.0 ms, upstream 3.3 ms, held 800.5 ms, in 3 B, out 56 B, " +
      "Server1 i2, 2 attempts, slot 7, key k\\x1b[2J, id \\x9b2J\n",
  );
  const line: AccessLine = accessLine("text", ID);
  assertMatch(line(recordOf({ status: 0, outcome: "left" })), /POST \/home left, .*, left\n$/);
  const refused = recordOf({ status: 503, outcome: "refused", reason: "none", detail: "nobody" });
  assertMatch(line(refused), /slot 7, id r1, refused \(none: nobody\)\n$/);
});

Deno.test("a JSON line has no control character, and parses back to the client's text", () => {
  const hostile = "/\u009b2J\u007f\u0085\u2028";
  const record = recordOf({
    line: { method: "GET", target: hostile, minor: 1 },
    identity: { requestId: hostile, key: hostile, slot: 7 },
    detail: hostile,
  });
  const line = accessLine("json", ID)(record);
  // deno-lint-ignore no-control-regex -- characters that must be absent
  assertEquals(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/.test(line), false, line);
  const fields = JSON.parse(line);
  for (
    const field of ["url.path", "ringkeeper.request_id", "ringkeeper.key", "ringkeeper.detail"]
  ) {
    assertEquals(fields[field], hostile, field);
  }
  assertEquals(fields.message, "GET /\\x9b2J\\x7f\\x85\\x2028 200");
});

Deno.test("a key that may be a credential is logged as a hash", async () => {
  for (const from of ["header", "cookie", "query"] as const) {
    const keys = new KeyRedaction({ from, name: "Authorization" });
    const identity = { requestId: "r1", key: "Bearer abc", slot: 7 };
    assertEquals(keys.of(identity), undefined);
    await keys.ready;
    // printf %s 'Bearer abc' | sha256sum
    assertEquals(keys.of(identity), "sha256:c355dce96c16");
    assertEquals(keys.of({ ...identity, key: "r1" }), "r1");
    assertEquals(keys.of({ ...identity, key: undefined }), undefined);
    for (const style of ["json", "text"] as const) {
      const line = accessLine(style, keys)(recordOf({ identity }));
      assert(line.includes("c355dce96c16") && !line.includes("abc"));
    }
  }
  const [field, query] = [
    new KeyRedaction({ from: "header", name: "X-User" }),
    new KeyRedaction({ from: "query", name: "user" }),
  ];
  await Promise.all([field.ready, query.ready]);
  // The bytes c3 bc as sent in a field, and the letter that they encode in a query.
  const of = (key: string) => ({ requestId: "r1", key, slot: 7 });
  assertEquals(field.of(of("\xc3\xbc")), query.of(of("ü")));
  assertEquals(new KeyRedaction({ from: "path" }).of(of("/home")), "/home");
});

Deno.test("text from clients is cut in a line", () => {
  const target = `/${"x".repeat(5000)}?y`;
  const identity = { requestId: "i".repeat(5000), key: "k", slot: 7 };
  const line = { method: "GET", target, minor: 1 } as const;
  assert(accessLine("json", ID)(recordOf({ line, identity })).length < 4096);
  assert(accessLine("text", ID)(recordOf({ line, identity })).length < 4096);
});
