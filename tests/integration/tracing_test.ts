import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { dockerTest } from "./harness/docker_fleet.ts";
import { Load } from "../harness/load.ts";
import { type ExportedSpan, OtlpReceiver } from "../harness/otlp_receiver.ts";
import {
  balancerFor,
  field,
  get,
  OK,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const SAMPLED = `traceparent: 00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `traceparent: 00-${TRACE}-${SPAN}-00`;

/** Has the connection closed without an answer. */
const CLOSES = "";

/** Keeps the requests that arrived. */
class Service extends RawUpstream {
  readonly asked: RawMessage[];

  constructor(answer = OK) {
    const asked: RawMessage[] = [];
    super((request) => {
      asked.push(request);
      return answer === CLOSES ? undefined : answer;
    });
    this.asked = asked;
  }

  /** Lines of trace context that it was sent, of all requests. */
  get context(): string[] {
    return this.asked.flatMap(({ fields }) => fields.filter((line) => /^trace/i.test(line)));
  }
}

/** The fields of a `traceparent`. */
function parsed(request: RawMessage | undefined): { trace: string; span: string; flags: string } {
  const value = request && field(request, "traceparent");
  const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(value ?? "");
  const [, trace = "", span = "", flags = ""] = found ?? [];
  return { trace, span, flags };
}

function named(spans: readonly ExportedSpan[], name: string): ExportedSpan | undefined {
  return spans.find((span) => span.name === name && span.scope === "ringkeeper");
}

/** Picks some of a span's attributes. */
function some(span: ExportedSpan | undefined, ...names: string[]): unknown[] {
  return names.map((name) => span?.attributes[name]);
}

/** An id of a request for Server1 where there is a Server2, too. */
function idOfFirst(): string {
  const ring = Ring.build({ members: ["Server1", "Server2"] });
  for (let id = 0;; id++) if (ring.ownerOfId(id) === "Server1") return String(id);
}

test("without tracing the fields of a trace cross byte for byte", async () => {
  await using service = new Service();
  await using balancer = await balancerFor([service]);
  const lines = [
    "TraceParent:  00-nothing-of-ours-01 ",
    "tracestate: a=1",
    "TRACESTATE:b=2, ,",
    SAMPLED,
  ];
  await balancer.ask(get("/", ...lines));
  await balancer.ask(get("/"));
  assertEquals(service.context, lines);
});

test("a request goes on with its client's trace, and the replica with the attempt's span", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  await using balancer = await balancerFor([service], receiver.env);
  const answer = await balancer.ask(get("/a/b?secret=1", SAMPLED, "tracestate: a=1,b=2"));
  assertEquals(statusOf(answer), 200);
  const span = await receiver.span("the request", ({ name }) => name === "GET");
  const attempt = named(receiver.trace(TRACE), "attempt");
  assertEquals([span.kind, span.parentSpanId, span.failed], ["server", SPAN, false]);
  assertEquals([attempt?.kind, attempt?.parentSpanId], ["client", span.spanId]);
  assertEquals(parsed(service.asked[0]), {
    trace: TRACE,
    span: attempt?.spanId ?? "",
    flags: "01",
  });
  assertEquals(service.context[0], "tracestate: a=1,b=2");
  assert(span.start <= attempt!.start && attempt!.end <= span.end);
});

test("a line of the access log names the request's span", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  const balancer = await balancerFor([service], { ...receiver.env, LB_ACCESS_LOG: "full" });
  await balancer.ask(get("/", SAMPLED));
  const span = await receiver.span("the request", ({ name }) => name === "GET");
  const { output } = await balancer.balancer.end("SIGTERM");
  const line = JSON.parse(output.split("\n").find((line) => line.includes("GET / 200"))!);
  assertEquals([line.trace_id, line.span_id], [TRACE, span.spanId]);
});

test("spans carry a request's method, replica and reason, and no secrets", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  const env = { ...receiver.env, LB_KEY: "header:Authorization" };
  await using balancer = await balancerFor([service], env);
  const text = "BREW /pot?token=s3cret HTTP/1.1\r\nHost: tea.example:81\r\nX-Request-Id: r1\r\n" +
    `Authorization: s3cret\r\nContent-Length: 3\r\n${SAMPLED}\r\n\r\nhot`;
  await balancer.ask(text);
  const span = await receiver.span("the request", ({ name }) => name === "HTTP");
  const { "ringkeeper.slot": slot, "ringkeeper.instance": instance, ...told } = span.attributes;
  assert(typeof slot === "number" && typeof instance === "string");
  assertEquals(told, {
    "client.address": "127.0.0.1",
    "http.request.body.size": 3,
    "http.request.method": "_OTHER",
    "http.request.method_original": "BREW",
    "http.response.body.size": 2,
    "http.response.status_code": 200,
    "network.peer.address": "127.0.0.1",
    "network.protocol.version": "1.1",
    "ringkeeper.key": "sha256:1ec1c26b50d5",
    "ringkeeper.outcome": "answered",
    "ringkeeper.replica": "Server1",
    "ringkeeper.request_id": "r1",
    "server.address": "tea.example",
    "server.port": 81,
    "url.path": "/pot",
    "url.scheme": "http",
  });
  const attempt = named(receiver.trace(TRACE), "attempt");
  assertEquals(attempt?.attributes, {
    "http.request.method": "_OTHER",
    "http.request.method_original": "BREW",
    "http.response.status_code": 200,
    "ringkeeper.connection.reused": false,
    "ringkeeper.instance": instance,
    "ringkeeper.replica": "Server1",
    "server.address": "127.0.0.1",
    "server.port": Number(service.address.split(":")[1]),
  });
  assertEquals([attempt?.events, span.service], [["first byte"], "ringkeeper"]);
});

test("a request without a trace begins one, and so does one whose field is not valid", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  await using balancer = await balancerFor([service], { ...receiver.env, LB_KEY: "path" });
  const wrong = `traceparent: 00-${TRACE}-${"0".repeat(16)}-01`;
  await balancer.ask(get("/1", "X-Request-Id: 7"));
  await balancer.ask(get("/2", wrong, "tracestate: a=1", "X-Request-Id: 7"));
  await balancer.ask(get("/3", SAMPLED, SAMPLED, "tracestate: a=1", "X-Request-Id: 7"));
  await receiver.until("three requests", () => receiver.spans.length >= 6 || undefined);
  const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === "");
  assertEquals(roots.map((span) => some(span, "url.path", "ringkeeper.key")), [
    ["/1", "/1"],
    ["/2", "/2"],
    ["/3", "/3"],
  ]);
  assertEquals(service.asked.map((one) => parsed(one).trace), roots.map((span) => span.traceId));
  assertEquals(new Set([TRACE, ...roots.map(({ traceId }) => traceId)]).size, 4);
  assertEquals(service.context.filter((line) => line.includes("tracestate")), []);
});

test("a client that does not record its trace is heeded, also where no sampler is set", async (t) => {
  for (const sampler of ["parentbased_always_on", ""]) {
    await t.step(sampler || "no sampler", async () => {
      await using receiver = new OtlpReceiver();
      await using service = new Service();
      const env = { ...receiver.env, OTEL_TRACES_SAMPLER: sampler };
      await using balancer = await balancerFor([service], env);
      await balancer.ask(get("/", UNSAMPLED, "tracestate: a=1"));
      await balancer.ask(get("/later"));
      const span = await receiver.span("the later one", ({ name }) => name === "GET");
      assertNotEquals(span.traceId, TRACE);
      assertEquals(receiver.trace(TRACE), []);
      const { trace, flags } = parsed(service.asked[0]);
      assertEquals([trace, flags, service.context.includes("tracestate: a=1")], [
        TRACE,
        "00",
        true,
      ]);
    });
  }
});

test("the sampler decides on requests without a trace, and replicas get its decision", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  const env = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
  await using balancer = await balancerFor([service], { ...receiver.env, ...env });
  await balancer.ask(get("/"));
  await balancer.ask(get("/", SAMPLED));
  await receiver.span(
    "the request with a trace",
    ({ traceId, name }) => traceId === TRACE && name === "GET",
  );
  assertEquals(receiver.spans.filter(({ traceId }) => traceId !== TRACE), []);
  assertEquals(service.asked.map((one) => parsed(one).flags), ["00", "01"]);
});

test("the access log tells of requests whether they are traced or not", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  const env = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
  const log = { LB_ACCESS_LOG: "full" };
  const balancer = await balancerFor([service], { ...receiver.env, ...env, ...log });
  await balancer.ask(get("/taken", SAMPLED));
  await balancer.ask(get("/left"));
  const { output } = await balancer.balancer.end("SIGTERM");
  const paths = output.split("\n").filter((line) => line.includes("ringkeeper.access"))
    .map((line) => JSON.parse(line)["url.path"]).filter((path) => !path.startsWith("/_lb"));
  assertEquals(paths, ["/taken", "/left"]);
  assertEquals(receiver.trace(TRACE).length, receiver.spans.length);
  assertEquals(receiver.spans.map(({ name }) => name).sort(), ["GET", "attempt"]);
});

test("each attempt has a span of its own, the parent in the replica's traceparent", async () => {
  await using receiver = new OtlpReceiver();
  await using breaking = new Service(CLOSES);
  await using service = new Service();
  await using balancer = await balancerFor([breaking, service], receiver.env);
  const answer = await balancer.ask(get("/", SAMPLED, `X-Request-Id: ${idOfFirst()}`));
  assertEquals(statusOf(answer), 200);
  const span = await receiver.span("the request", ({ name }) => name === "GET");
  const attempts = receiver.trace(TRACE).filter(({ name }) => name === "attempt");
  assertEquals(
    attempts.map((one) => [
      one.parentSpanId === span.spanId,
      one.failed,
      ...some(one, "ringkeeper.replica", "error.type", "http.request.resend_count"),
    ]),
    [
      [true, true, "Server1", "reset", undefined],
      [true, false, "Server2", undefined, 1],
    ],
  );
  const told = [...breaking.asked, ...service.asked].map((one) => parsed(one).span);
  assertEquals(told, attempts.map(({ spanId }) => spanId));
  assertEquals(some(span, "ringkeeper.replica"), ["Server2"]);
});

test("the balancer's own answer is a failed span without an attempt that answered", async () => {
  await using receiver = new OtlpReceiver();
  const gone = new Service();
  await using balancer = await balancerFor([gone], { ...receiver.env, LB_HOLD: "fail" });
  await gone[Symbol.asyncDispose]();
  assertEquals(statusOf(await balancer.ask(get("/", SAMPLED))), 502);
  const span = await receiver.span("the request", ({ name }) => name === "GET");
  assertEquals([span.failed, ...some(span, "http.response.status_code", "error.type")], [
    true,
    502,
    "502",
  ]);
  assertEquals(some(span, "ringkeeper.outcome"), ["refused"]);
  const attempt = named(receiver.trace(TRACE), "attempt");
  assertEquals(some(attempt, "error.type", "http.response.status_code"), ["refused", undefined]);
});

test("a replica that is killed under load leaves waits, attempts that failed and a heal", async () => {
  await using receiver = new OtlpReceiver();
  const env = { LB_ENGINE: "process", LB_REPLICAS: "2", ...receiver.env };
  await using balancer = await Balancer.ready(env);
  const load = new Load(`${balancer.url}/home`, 8);
  await signal(pidOf(await balancer.replica("Server1")), "KILL");
  const heal = await receiver.span("the heal", ({ name }) => name === "heal");
  assertEquals((await load.stop()).failed, []);
  assertEquals(some(heal, "ringkeeper.replica", "ringkeeper.spare"), ["Server1", false]);
  assertEquals([heal.parentSpanId, heal.failed], ["", false]);
  const phases = receiver.trace(heal.traceId).filter(({ name }) => name !== "heal");
  assertEquals(phases.map(({ name }) => name).sort(), [
    "detect",
    "eject",
    "release",
    "start",
    "wait",
    "warm",
  ]);
  for (const { name, parentSpanId, start, end } of phases) {
    assert(heal.start <= start && start <= end && end <= heal.end, name);
    assertEquals(parentSpanId, heal.spanId);
  }
  const hold = await receiver.span("a wait", ({ name }) => name === "hold");
  const request = await receiver.span("its request", ({ spanId }) => spanId === hold.parentSpanId);
  assertEquals([request.kind, request.traceId], ["server", hold.traceId]);
  assert(request.start <= hold.start && hold.end <= request.end);
  const failed = receiver.spans.find(({ name, failed }) => name === "attempt" && failed);
  assert(failed, "an attempt that failed");
  assert(await receiver.span("its request", ({ spanId }) => spanId === failed.parentSpanId));
});

test("heartbeats, and calls that bring no trace, leave no spans; a call that does goes on", async (t) => {
  for (const sampler of ["parentbased_always_on", "traceidratio"]) {
    await t.step(sampler, async () => {
      await using receiver = new OtlpReceiver();
      await using service = new Service();
      const env = {
        ...receiver.env,
        OTEL_TRACES_SAMPLER: sampler,
        OTEL_TRACES_SAMPLER_ARG: "0.9",
        LB_HEALTH_PATH: "/heartbeat",
        LB_HEARTBEAT_MS: "20",
        LB_PUBLIC_API: "all",
      };
      await using balancer = await balancerFor([service], env);
      await balancer.ask(get("/_lb/status"));
      await balancer.ask(get("/rep", SAMPLED));
      const attempt = await receiver.span("the attempt", ({ name }) => name === "attempt");
      assertEquals(attempt.traceId, TRACE);
      assertEquals(some(attempt, "ringkeeper.replica"), ["control"]);
      assertEquals(receiver.spans.filter(({ traceId }) => traceId !== TRACE), []);
    });
  }
});

dockerTest(
  "calls of the engine leave no spans, nor do those of a balancer that ends",
  async (fleet) => {
    await using receiver = new OtlpReceiver();
    const balancer = await Balancer.ready({ ...fleet.env, ...receiver.env, LB_REPLICAS: "1" });
    await (await balancer.fetch("/home", { headers: { traceparent: SAMPLED.slice(13) } })).text();
    const { code, output } = await balancer.end("SIGTERM");
    assertEquals([code, await fleet.containers()], [0, []], output);
    assertEquals(receiver.spans.map(({ traceId, name }) => [traceId, name]).sort(), [
      [TRACE, "GET"],
      [TRACE, "attempt"],
    ]);
  },
);

test("spans that ended before the balancer are exported, those of its last requests too", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  const env = { ...receiver.env, OTEL_BSP_SCHEDULE_DELAY: "3600000" };
  const balancer = await balancerFor([service], env);
  await balancer.ask(get("/", SAMPLED));
  const { code, output } = await balancer.balancer.end("SIGTERM");
  assertEquals(code, 0, output);
  assertEquals(receiver.trace(TRACE).map(({ name }) => name).sort(), ["GET", "attempt"]);
});

test("by default spans are exported as protobuf, and a receiver that is away is no failure", async () => {
  await using receiver = new OtlpReceiver();
  await using service = new Service();
  const { OTEL_EXPORTER_OTLP_PROTOCOL: _, ...env } = receiver.env;
  await using balancer = await balancerFor([service], env);
  await balancer.ask(get("/", SAMPLED));
  const [sent] = await receiver.until("an export", () => receiver.others[0] && receiver.others);
  assertEquals([sent?.path, sent?.type], ["/v1/traces", "application/x-protobuf"]);
  const id = TRACE.match(/../g)!.map((digits) => parseInt(digits, 16));
  assert(indexOf(sent!.bytes, Uint8Array.from(id)) > 0, "the trace's id is not in there");
  await receiver.close();
  assertEquals(statusOf(await balancer.ask(get("/", SAMPLED))), 200);
  assertEquals(await balancer.failures(), {});
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return bytes.findIndex((_, at) => part.every((byte, k) => bytes[at + k] === byte));
}
