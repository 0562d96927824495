import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { formatter, type LogStyle } from "./style.ts";

/** Text that a client or a replica could send: a forged line, escapes of C0 and C1, line ends. */
const HOSTILE = 'x\n{"logger":"ringkeeper.audit"}\r\u001b[2J\u009b31m\u0085\u2028\u007f\u0000';

function record(value: unknown): LogRecord {
  return {
    category: ["ringkeeper"],
    level: "info",
    message: ["output: ", value, ""],
    rawMessage: "output: {value}",
    properties: { value },
    timestamp: 0,
  };
}

const written = (style: LogStyle) => String(formatter(style)(record(HOSTILE)));

Deno.test("a value with control characters makes one line, without any of them, in both formats", () => {
  for (const style of ["json", "text"] as const) {
    const line = written(style);
    assertEquals(line.split("\n").length, 2, style);
    // deno-lint-ignore no-control-regex -- the forbidden characters
    assertFalse(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/.test(line), style);
  }
});

Deno.test("a JSON line keeps the original value", () => {
  assertEquals(JSON.parse(written("json"))["ringkeeper.value"], HOSTILE);
});

Deno.test("on a terminal only the formatter's own escapes are left", () => {
  const line = written("colours");
  assertStringIncludes(line, "\\u001b[2J");
  assert(!line.includes("\u001b[2J") && !line.includes("\u009b"));
  assertEquals(line.trimEnd().split("\n").length, 1);
});

Deno.test("an error or a list is escaped on a terminal as text is", () => {
  for (const value of [new Error(HOSTILE), [HOSTILE], { text: HOSTILE }]) {
    const line = String(formatter("colours")(record(value)));
    assertEquals(line.split("\n").length, 2, line);
    // deno-lint-ignore no-control-regex -- the forbidden characters
    assert(!/\u001b\[2J|[\u007f-\u009f\u2028]/.test(line), line);
  }
});

Deno.test("text of other languages is not escaped", () => {
  assertStringIncludes(String(formatter("text")(record("Grüße, 世界"))), "Grüße, 世界");
});

Deno.test("a JSON line is flat, its message a sentence, its attributes under OpenTelemetry's names", () => {
  const said = {
    ...record(""),
    level: "warning",
    message: ["", "Server2", ": ", "warming", " -> ", "ready", ""],
    rawMessage: "{name}: {from} -> {to}",
    properties: {
      name: "Server2",
      from: "warming",
      to: "ready",
      instance: undefined,
      error: new Error("no answer"),
      client: "192.0.2.1",
      call: "POST /add",
      outcome: 200,
      cutBytes: 3,
      asked: { n: 1, hostnames: ["S4"] },
      before: null,
      hosts: ["a", "b"],
      "url.scheme": "http",
    },
  } as const;
  assertEquals(JSON.parse(String(formatter("json")(said))), {
    "@timestamp": "1970-01-01T00:00:00.000Z",
    level: "WARN",
    message: "Server2: warming -> ready",
    logger: "ringkeeper",
    "ringkeeper.replica": "Server2",
    "ringkeeper.from": "warming",
    "ringkeeper.to": "ready",
    "error.message": "no answer",
    "client.address": "192.0.2.1",
    "http.request.method": "POST",
    "url.path": "/add",
    "http.response.status_code": 200,
    "ringkeeper.cut_bytes": 3,
    "ringkeeper.asked": '{"n":1,"hostnames":["S4"]}',
    "ringkeeper.hosts": ["a", "b"],
    "url.scheme": "http",
  });
});

Deno.test("a step of a deploy is an outcome, a status a status", () => {
  const said = { ...record(""), properties: { outcome: "failed" } };
  const { "ringkeeper.outcome": outcome, "http.response.status_code": status } = JSON.parse(
    String(formatter("json")(said)),
  );
  assertEquals([outcome, status], ["failed", undefined]);
});

Deno.test("the message of a JSON line is safe to print on a terminal", () => {
  const { message } = JSON.parse(written("json"));
  // deno-lint-ignore no-control-regex -- the forbidden characters
  assertFalse(/[\u0000-\u001f\u007f-\u009f\u2028]/.test(message), message);
  assertStringIncludes(message, "output: x\\n{");
});

Deno.test("a line of another program is the message, and is written once", () => {
  const said = {
    ...record(""),
    message: ["", "S1", " ", "stdout", ": ", "green \u001b[32m", ""],
    rawMessage: "{replica} {stream}: {text}",
    properties: { replica: "S1", stream: "stdout", text: "green \u001b[32m" },
  };
  const { "@timestamp": _, level: __, logger: ___, ...fields } = JSON.parse(
    String(formatter("json")(said)),
  );
  assertEquals(fields, {
    message: "green \\x1b[32m",
    "ringkeeper.replica": "S1",
    "log.iostream": "stdout",
  });
  assertStringIncludes(String(formatter("text")(said)), "S1 stdout: green \\x1b[32m");
});
