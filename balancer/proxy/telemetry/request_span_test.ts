import { assertEquals } from "@std/assert";
import { get, OK } from "../../../tests/harness/raw.ts";
import { type EndedSpan, withSpans } from "../../tracing/testing.ts";
import type { Tracing } from "../../tracing/tracing.ts";
import { BufferPool } from "../transport/buffers.ts";
import { RequestHead } from "../http1/request_head.ts";
import { RequestIds } from "../request/request_ids.ts";
import { traceParentText } from "../http1/traceparent.ts";
import { KeyRedaction } from "./key_redaction.ts";
import { RequestRecord } from "./request_record.ts";
import { RequestSpan } from "./request_span.ts";
import { ProxyHarness } from "../testing.ts";
import { ProxyRequest } from "../request/request.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const UPSTREAM = { name: "S", instance: "i", address: { hostname: "127.0.0.1", port: 9 } };
const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** A request that is about to be sent, with its trace. */
function traced(tracing: Tracing) {
  const field = traceParentText({ traceId: TRACE, spanId: "f".repeat(16), flags: 1 });
  const text = `GET / HTTP/1.1\r\ntraceparent: ${field}\r\n\r\n`;
  const request = new ProxyRequest(
    new RequestHead(),
    "id",
    new RequestIds(),
    new BufferPool(),
    text.length,
  );
  request.out.set(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  request.seal(text.length);
  const record = new RequestRecord("::1", performance.now());
  const span = tracing.start("GET", { kind: "server", at: record.startedAt });
  record.trace = new RequestSpan(tracing, span, request);
  record.trace.place(text.length);
  const sent = () => /-([0-9a-f]{16})-/.exec(String.fromCharCode(...request.firstBytes))?.[1];
  return { record, sent };
}

function end(record: RequestRecord): void {
  record.end("answered");
  record.trace?.end(record, new KeyRedaction({ from: "request-id" }));
}

function named(spans: readonly EndedSpan[], name: string): EndedSpan[] {
  return spans.filter((span) => span.name === name);
}

Deno.test("an attempt that waits for a file descriptor begins after the wait", async () => {
  await withSpans((tracing, ended) => {
    const { record, sent } = traced(tracing);
    record.ask(UPSTREAM, false);
    const before = sent();
    record.hold("files");
    record.unhold();
    const after = sent();
    end(record);
    const [hold, attempt] = [named(ended, "hold")[0], named(ended, "attempt")[0]];
    assertEquals([named(ended, "attempt").length, attempt?.from], [1, hold?.to]);
    assertEquals([attempt?.spanId, before === after], [after, false]);
    assertEquals(hold?.attributes, { "ringkeeper.hold.why": "files" });
  });
});

Deno.test("a cancelled attempt leaves no span", async () => {
  await withSpans((tracing, ended) => {
    const { record, sent } = traced(tracing);
    record.ask(UPSTREAM, false);
    record.cancelAttempt();
    end(record);
    assertEquals(ended.map(({ name }) => name), ["GET"]);
    record.ask(UPSTREAM, false);
    assertEquals(sent(), "3".padStart(16, "0"));
  });
});

Deno.test("each attempt has a span, and only the last one a response", async () => {
  await withSpans((tracing, ended) => {
    const { record } = traced(tracing);
    record.ask(UPSTREAM, true);
    record.fail("stale");
    record.ask(UPSTREAM, false);
    record.answer(404);
    end(record);
    const [request] = named(ended, "GET");
    const told = named(ended, "attempt").map(({ attributes, failed, parentSpanId }) => [
      attributes["error.type"],
      attributes["http.response.status_code"],
      attributes["http.request.resend_count"],
      attributes["ringkeeper.connection.reused"],
      failed,
      parentSpanId === request?.spanId,
    ]);
    assertEquals(told, [
      ["stale", undefined, undefined, true, true, true],
      ["404", 404, 1, false, true, true],
    ]);
    // A client's error is no failure of the server.
    assertEquals(request?.failed, false);
  });
});

test("the fast path and the general path create the same spans", async () => {
  await using bench = new ProxyHarness();
  await withSpans(async (tracing, ended) => {
    await bench.proxy.trace(tracing);
    const { client, replica } = await bench.warm();
    const told = async (request: string, pieces: number) => {
      const seen = ended.length;
      const size = Math.ceil(request.length / pieces);
      const split = Array.from(
        { length: pieces },
        (_, k) => request.slice(k * size, (k + 1) * size),
      );
      await client.sendPieces(split);
      const { fields } = await replica.request();
      await replica.send(OK);
      await client.response();
      const spans = ended.slice(seen);
      const [attempt] = named(spans, "attempt");
      const field = fields.find((line) => line.startsWith("traceparent: "));
      assertEquals(field, `traceparent: 00-${"1".repeat(32)}-${attempt?.spanId}-01`);
      return spans.map(({ name, attributes, failed }) => ({ name, attributes, failed }));
    };
    const request = get("/a?b", "X-Request-Id: 7");
    assertEquals(await told(request, 1), await told(request, 5));
    client.close();
  });
  assertEquals(bench.failures, []);
});

Deno.test("spans know the TLS of the client and of the replica", async () => {
  await withSpans((tracing, ended) => {
    const { record } = traced(tracing);
    Object.assign(record, { secure: true, http2: true, streamId: 3 });
    record.tls = { version: "TLSv1.2", serverName: "a.test" };
    record.ask({ ...UPSTREAM, address: { ...UPSTREAM.address, tls: true } }, false);
    end(record);
    const { attributes } = named(ended, "GET")[0]!;
    const names = ["url.scheme", "tls.protocol.version", "tls.client.server_name"];
    assertEquals(names.map((name) => attributes[name]), ["https", "1.2", "a.test"]);
    assertEquals(attributes["ringkeeper.stream"], 3);
    assertEquals(named(ended, "attempt")[0]?.attributes["url.scheme"], "https");
  });
});
