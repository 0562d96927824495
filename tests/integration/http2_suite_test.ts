import { assert, assertEquals } from "@std/assert";
import * as frame from "../../balancer/proxy/http2/frame.ts";
import {
  blockOf,
  data,
  END,
  frameOf,
  GET,
  headers,
  join,
  number32,
  type Pair,
  POST,
  resetOf,
  settings,
  windowUpdate,
} from "../../balancer/proxy/http2/testing.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { makePair } from "../harness/certificates.ts";
import { RawBalancer } from "../harness/raw.ts";
import { within } from "../harness/raw.ts";
import { Http2Client, statusOf } from "./harness/http2_client.ts";

/**
 * One case of the usual independent suite, by its number. A step is sent as one write, or it waits:
 * for the answer of a stream, for a frame of DATA, or until the balancer has read everything. Outcomes: `connection A|B` is GOAWAY with one
 * of these codes and the end of the TCP connection; `stream A|B` is RST_STREAM with one of them, or
 * such an end; `closed` is the end alone; `status N` an answer on the last stream; `data N` a first
 * frame of DATA with that many bytes; `ping` an answer to a PING behind it all.
 */
type Case = readonly [id: string, outcome: string, ...steps: Step[]];
type Step = Uint8Array | "seen" | "data" | { readonly answer: number };

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE } = frame;
const { PING, GOAWAY, WINDOW_UPDATE, CONTINUATION, END_HEADERS: OPEN } = frame;
const PROTOCOL = "connection PROTOCOL_ERROR";
const SIZE = "connection FRAME_SIZE_ERROR";
const FLOW = "connection FLOW_CONTROL_ERROR";
const COMPRESSION = "connection COMPRESSION_ERROR";
const MALFORMED = "stream PROTOCOL_ERROR";
const EIGHT = new Uint8Array(8);
const WINDOW = 4;
const ANSWERED = { answer: 1 };

const upload = (id = 1) => headers(id, POST, OPEN);
const get = (id = 1, ...more: readonly Pair[]) => headers(id, [...GET, ...more]);
const raw = (...bytes: number[]) => frameOf(HEADERS, END, 1, bytes);
const priority = (id: number, on: number, weight = 15) =>
  frameOf(PRIORITY, 0, id, [...number32(on), weight]);
const without = (name: string, ...more: readonly Pair[]) =>
  headers(1, [...GET.filter(([known]) => known !== name), ...more]);
const replaced = (name: string, value: string) =>
  headers(1, GET.map(([known, old]): Pair => [known, known === name ? value : old]));
/** HEADERS without END_HEADERS, and CONTINUATION with it or not. */
const block = blockOf(GET);
const begin = (id = 1) => frameOf(HEADERS, frame.END_STREAM, id, block.subarray(0, 9));
const go = (id = 1, flags = OPEN, from = 9, to = block.length) =>
  frameOf(CONTINUATION, flags, id, block.subarray(from, to));
const REST = blockOf([GET[3]!]);
/** :method GET, :scheme http, :path / by index, and what is behind them. */
const indexed = (...bytes: number[]) => raw(0x82, 0x86, 0x84, ...REST, ...bytes);
const post = (length: string, ...frames: Uint8Array[]) =>
  join(headers(1, [...POST, ["content-length", length]], OPEN), ...frames);

const CASES: readonly Case[] = [
  ["generic/1/1", "ping"],
  ["generic/2/1", "ping", priority(1, 0)],
  ["generic/2/2", "ping", get(), windowUpdate(1, 100)],
  ["generic/2/3", "ping", get(), priority(1, 0)],
  ["generic/2/4", "ping", get(), resetOf(1, 8)],
  ["generic/2/5", "ping", get(), ANSWERED, priority(1, 0)],
  ["generic/3.1/1", "status 200", upload(), data(1, "test", 1)],
  ["generic/3.1/2", "status 200", upload(), data(1, "test"), data(1, "test", 1)],
  ["generic/3.1/3", "status 200", upload(), frameOf(DATA, 9, 1, [2, 116, 0, 0])],
  ["generic/3.2/1", "status 200", get()],
  ["generic/3.2/2", "status 200", frameOf(HEADERS, END | 8, 1, [3, ...block, 0, 0, 0])],
  ["generic/3.2/3", "status 200", frameOf(HEADERS, END | 32, 1, [0, 0, 0, 0, 255, ...block])],
  ["generic/3.3/1", "ping", priority(1, 0, 0)],
  ["generic/3.3/2", "ping", priority(1, 0, 255)],
  ["generic/3.3/3", "ping", priority(3, 1, 255)],
  ["generic/3.3/4", "ping", priority(3, 0x80000001, 255)],
  ["generic/3.3/5", "status 200", priority(5, 0, 255), get(3)],
  ["generic/3.4/1", "ping", upload(), resetOf(1, 8)],
  ["generic/3.5/1", "ping", settings([WINDOW, 65_535])],
  ["generic/3.7/1", "ping"],
  ["generic/3.8/1", "ping or closed", frameOf(GOAWAY, 0, 0, EIGHT)],
  ["generic/3.9/1", "ping", windowUpdate(0, 1)],
  ["generic/3.9/2", "ping", get(), windowUpdate(1, 1)],
  ["generic/3.10/1", "status 200", begin(), go()],
  ["generic/3.10/2", "status 200", begin(), go(1, 0, 9, 12), go(1, OPEN, 12)],
  ["generic/4/1", "status 200", get()],
  ["generic/4/2", "status 200", replaced(":method", "HEAD")],
  ["generic/4/3", "status 200", upload(), data(1, "test", 1)],
  ["generic/4/4", "status 200", upload(), data(1, "test"), headers(1, [["x-test", "ok"]])],
  ["generic/5/1", "status 200", indexed(0x90)],
  ["generic/5/2", "status 200", indexed(0x7a, 1, 97)],
  ["generic/5/3", "status 200", indexed(0x7a, 0x81, 0x1f)],
  ["generic/5/4", "status 200", indexed(0x40, 1, 120, 1, 97)],
  ["generic/5/5", "status 200", indexed(0x40, 0x81, 0xf3, 0x81, 0x1f)],
  ["generic/5/6", "status 200", indexed(0x0f, 0x2b, 1, 97)],
  ["generic/5/7", "status 200", indexed(0x0f, 0x2b, 0x81, 0x1f)],
  ["generic/5/8", "status 200", indexed(0x00, 1, 120, 1, 97)],
  ["generic/5/9", "status 200", indexed(0x00, 0x81, 0xf3, 0x81, 0x1f)],
  ["generic/5/10", "status 200", indexed(0x1f, 0x2b, 1, 97)],
  ["generic/5/11", "status 200", indexed(0x1f, 0x2b, 0x81, 0x1f)],
  ["generic/5/12", "status 200", indexed(0x10, 1, 120, 1, 97)],
  ["generic/5/13", "status 200", indexed(0x10, 0x81, 0xf3, 0x81, 0x1f)],
  ["generic/5/14", "status 200", raw(0x21, 0x82, 0x86, 0x84, ...REST)],
  ["generic/5/15", "status 200", raw(0x20, 0x3f, 0xe1, 0x1f, 0x82, 0x86, 0x84, ...REST)],
  ["http2/4.1/1", "ping", frameOf(0xff, 0, 0, EIGHT)],
  ["http2/4.1/2", "ping", frameOf(PING, 0x16, 0, EIGHT)],
  ["http2/4.1/3", "ping", reserved(frameOf(PING, 0, 0, EIGHT))],
  ["http2/4.2/1", "status 200", upload(), data(1, new Uint8Array(16_384), 1)],
  ["http2/4.2/2", "stream FRAME_SIZE_ERROR", upload(), data(1, new Uint8Array(16_385), 1)],
  ["http2/4.2/3", SIZE, frameOf(HEADERS, END, 1, new Uint8Array(16_385))],
  ["http2/4.3/1", COMPRESSION, raw(0x82, 0x86, 0x84, 0x40, 10, 120)],
  ["http2/4.3/2", PROTOCOL, begin(), priority(1, 0)],
  ["http2/4.3/3", PROTOCOL, begin(), get(3)],
  ["http2/5.1/1", PROTOCOL, data(1, "test", 1)],
  ["http2/5.1/2", PROTOCOL, resetOf(1, 8)],
  ["http2/5.1/3", PROTOCOL, windowUpdate(1, 100)],
  ["http2/5.1/4", PROTOCOL, go()],
  ["http2/5.1/5", "stream STREAM_CLOSED", get(), data(1, "test", 1)],
  ["http2/5.1/6", "stream STREAM_CLOSED", get(), get()],
  ["http2/5.1/7", "stream STREAM_CLOSED|PROTOCOL_ERROR", get(), go()],
  ["http2/5.1/8", "stream STREAM_CLOSED", upload(), resetOf(1, 8), data(1, "test", 1)],
  ["http2/5.1/9", "stream STREAM_CLOSED", upload(), resetOf(1, 8), get()],
  ["http2/5.1/10", "stream STREAM_CLOSED|PROTOCOL_ERROR", upload(), resetOf(1, 8), go()],
  ["http2/5.1/11", "stream STREAM_CLOSED", get(), ANSWERED, data(1, "test", 1)],
  ["http2/5.1/12", "connection STREAM_CLOSED", get(), ANSWERED, get()],
  ["http2/5.1/13", "connection STREAM_CLOSED|PROTOCOL_ERROR", get(), ANSWERED, go()],
  ["http2/5.1.1/1", PROTOCOL, get(2)],
  ["http2/5.1.1/2", PROTOCOL, get(5), get(3)],
  ["http2/5.1.1/2 behind an answer", PROTOCOL, get(5), { answer: 5 }, get(3)],
  [
    "http2/5.1.2/1",
    "stream PROTOCOL_ERROR|REFUSED_STREAM",
    settings([WINDOW, 0]),
    ...Array.from({ length: 101 }, (_, i) => get(2 * i + 1)),
  ],
  ["http2/5.3.1/1", MALFORMED, frameOf(HEADERS, END | 32, 1, [0, 0, 0, 1, 255, ...block])],
  ["http2/5.3.1/2", MALFORMED, priority(2, 2)],
  ["http2/5.4.1/1", "connection PROTOCOL_ERROR", frameOf(PING, 0, 3, EIGHT)],
  ["http2/5.5/1", "ping", frameOf(0x16, 0, 0, EIGHT)],
  ["http2/5.5/2", PROTOCOL, begin(), frameOf(0x16, 0, 0, EIGHT)],
  ["http2/6.1/1", PROTOCOL, data(0, "test", 1)],
  ["http2/6.1/2", "stream STREAM_CLOSED", get(), data(1, "test", 1)],
  ["http2/6.1/3", PROTOCOL, upload(), frameOf(DATA, 9, 1, [6, 84, 101, 115, 116])],
  ["http2/6.2/1", PROTOCOL, begin(), priority(1, 0)],
  ["http2/6.2/2", PROTOCOL, begin(), get(3)],
  ["http2/6.2/3", PROTOCOL, frameOf(HEADERS, END, 0, block)],
  ["http2/6.2/4", PROTOCOL, frameOf(HEADERS, END | 8, 1, [block.length + 1, ...block])],
  ["http2/6.3/1", PROTOCOL, frameOf(PRIORITY, 0, 0, [128, 0, 0, 1, 10])],
  ["http2/6.3/2", "stream FRAME_SIZE_ERROR", get(), frameOf(PRIORITY, 0, 1, [128, 0, 0, 1])],
  ["http2/6.4/1", PROTOCOL, resetOf(0, 8)],
  ["http2/6.4/2", PROTOCOL, resetOf(1, 8)],
  ["http2/6.4/3", SIZE, get(), frameOf(RST_STREAM, 0, 1, [0, 0, 0])],
  ["http2/6.5/1", SIZE, frameOf(SETTINGS, 1, 0, [0])],
  ["http2/6.5/2", PROTOCOL, frameOf(SETTINGS, 0, 1, [0, 3, 0, 0, 0, 100])],
  ["http2/6.5/3", SIZE, frameOf(SETTINGS, 0, 0, [0, 3, 0])],
  ["http2/6.5.2/1", PROTOCOL, settings([2, 2])],
  ["http2/6.5.2/2", FLOW, settings([WINDOW, 2 ** 31])],
  ["http2/6.5.2/3", PROTOCOL, settings([5, 16_383])],
  ["http2/6.5.2/4", PROTOCOL, settings([5, 2 ** 24])],
  ["http2/6.5.2/5", "ping", settings([0xff, 1])],
  ["http2/6.5.3/1", "data 1", settings([WINDOW, 100], [WINDOW, 1]), "seen", get()],
  ["http2/6.5.3/2", "acknowledged", settings([2, 0])],
  ["http2/6.7/1", "ping"],
  ["http2/6.7/2", "ping", frameOf(PING, 1, 0, EIGHT)],
  ["http2/6.7/3", PROTOCOL, frameOf(PING, 0, 1, EIGHT)],
  ["http2/6.7/4", SIZE, frameOf(PING, 0, 0, [0, 0, 0, 0, 0, 0])],
  ["http2/6.8/1", PROTOCOL, frameOf(GOAWAY, 0, 1, EIGHT)],
  ["http2/6.9/1", PROTOCOL, windowUpdate(0, 0)],
  ["http2/6.9/2", MALFORMED, upload(), windowUpdate(1, 0)],
  ["http2/6.9/3", SIZE, frameOf(WINDOW_UPDATE, 0, 0, [0, 0, 1])],
  ["http2/6.9.1/1", "data 1", settings([WINDOW, 1]), get()],
  ["http2/6.9.1/2", FLOW, windowUpdate(0, 2 ** 31 - 1), windowUpdate(0, 2 ** 31 - 1)],
  [
    "http2/6.9.1/3",
    "reset FLOW_CONTROL_ERROR",
    headers(1, GET, OPEN),
    windowUpdate(1, 2 ** 31 - 1),
    windowUpdate(1, 2 ** 31 - 1),
  ],
  ["http2/6.9.2/1", "data 1", settings([WINDOW, 0]), get(), "seen", settings([WINDOW, 1])],
  [
    "http2/6.9.2/2",
    "data 3,1",
    settings([WINDOW, 3]),
    get(),
    "data",
    settings([WINDOW, 2]),
    windowUpdate(1, 2),
  ],
  ["http2/6.9.2/3", FLOW, settings([WINDOW, 2 ** 31])],
  ["http2/6.10/1", "status 200", begin(), go(1, 0, 9, 20), go(1, OPEN, 20)],
  ["http2/6.10/2", PROTOCOL, begin(), data(1, "test", 1)],
  ["http2/6.10/3", PROTOCOL, begin(), frameOf(CONTINUATION, OPEN, 0, block.subarray(9))],
  ["http2/6.10/4", PROTOCOL, get(), go()],
  ["http2/6.10/5", PROTOCOL, begin(), go(), go()],
  ["http2/6.10/6", PROTOCOL, upload(), data(1, "test"), go()],
  ["http2/7/1", "ping or closed", frameOf(GOAWAY, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0xff])],
  ["http2/7/2", "ping", upload(), resetOf(1, 0xff)],
  ["http2/8.1/1", MALFORMED, upload(), data(1, "test"), headers(1, [["x-test", "ok"]], OPEN)],
  ["http2/8.1.2/1", MALFORMED, get(1, ["X-TEST", "ok"])],
  ["http2/8.1.2.1/1", MALFORMED, get(1, [":test", "ok"])],
  ["http2/8.1.2.1/2", MALFORMED, get(1, [":status", "200"])],
  ["http2/8.1.2.1/3", MALFORMED, upload(), data(1, "test"), headers(1, [[":method", "200"]])],
  ["http2/8.1.2.1/4", MALFORMED, without(":path", ["x-test", "ok"], [":path", "/"])],
  ["http2/8.1.2.2/1", MALFORMED, get(1, ["connection", "keep-alive"])],
  ["http2/8.1.2.2/2", MALFORMED, get(1, ["trailers", "test"], ["te", "trailers, deflate"])],
  ["http2/8.1.2.3/1", MALFORMED, replaced(":path", "")],
  ["http2/8.1.2.3/2", MALFORMED, without(":method")],
  ["http2/8.1.2.3/3", MALFORMED, without(":scheme")],
  ["http2/8.1.2.3/4", MALFORMED, without(":path")],
  ["http2/8.1.2.3/5", MALFORMED, headers(1, [...GET, [":method", "GET"]])],
  ["http2/8.1.2.3/6", MALFORMED, headers(1, [...GET, [":scheme", "http"]])],
  ["http2/8.1.2.3/7", MALFORMED, headers(1, [...GET, [":path", "/"]])],
  ["http2/8.1.2.6/1", MALFORMED, post("1", data(1, "test", 1))],
  ["http2/8.1.2.6/2", MALFORMED, post("1", data(1, "test"), data(1, "test", 1))],
  ["http2/8.2/1", PROTOCOL, upload(), frameOf(PUSH_PROMISE, OPEN, 1, [0, 0, 0, 2, ...block])],
  ["hpack/2.3.3/1", COMPRESSION, indexed(0xff, 0)],
  ["hpack/2.3.3/2", COMPRESSION, indexed(0x7f, 0, 1, 97)],
  ["hpack/4.2/1", COMPRESSION, indexed(0x21)],
  ["hpack/5.2/1", COMPRESSION, indexed(0, 1, 120, 0x82, 0x1f, 0xff)],
  ["hpack/5.2/2", COMPRESSION, indexed(0, 1, 120, 0x81, 0x18)],
  ["hpack/5.2/3", COMPRESSION, indexed(0, 1, 120, 0x84, 0xff, 0xff, 0xff, 0xff)],
  ["hpack/6.1/1", COMPRESSION, indexed(0x80)],
  ["hpack/6.3/1", COMPRESSION, raw(0x3f, 0xff, 0x1f, 0x82, 0x86, 0x84, ...REST)],
];

/** Beginnings that are no preface: the connection must end. */
const PREFACES: Record<string, Uint8Array> = {
  "http2/3.5/2": new TextEncoder().encode("INVALID CONNECTION PREFACE\r\n\r\n"),
  "a preface with another end": new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
};

function reserved(bytes: Uint8Array): Uint8Array {
  bytes[5]! |= 0x80;
  return bytes;
}

/** Lengths of the frames of DATA with content. */
function dataOf({ frames }: Http2Client): number[] {
  return frames.filter(({ type }) => type === DATA).map(({ payload }) => payload.length)
    .filter((length) => length > 0);
}

function fatal({ goAways }: Http2Client): string | undefined {
  return goAways.find(([code]) => code !== "NO_ERROR")?.[0];
}

function resetsOf(client: Http2Client): string[] {
  return [...client.streams.values()].flatMap(({ reset }) => reset ?? []);
}

async function perform(client: Http2Client, step: Step): Promise<void> {
  if (step === "seen") await client.seen();
  else if (step === "data") await client.until("DATA", () => dataOf(client).length > 0);
  else if ("answer" in step) assert((await client.answer(step.answer)).ended);
  else await client.send(step);
}

async function outcomeOf(client: Http2Client, expected: string): Promise<string> {
  const [kind, wanted = ""] = expected.split(" ");
  switch (kind) {
    case "connection":
      await client.until("the end", () => client.closed);
      return `connection ${fatal(client)}`;
    case "stream":
    case "reset":
      await client.until(
        "a reset",
        () => fatal(client) !== undefined || resetsOf(client).length > 0,
      );
      return `${kind} ${resetsOf(client)[0] ?? (kind === "stream" ? fatal(client) : "none")}`;
    case "status":
      await client.until("an answer", () => [...client.streams.values()].some(statusOf));
      return `status ${[...client.streams.values()].map(statusOf)[0]}`;
    case "data":
      await client.until("DATA", () => dataOf(client).length >= wanted.split(",").length);
      return `data ${dataOf(client).join()}`;
    case "acknowledged": {
      const acks = () =>
        client.frames.filter(({ type, flags }) => type === SETTINGS && flags === 1);
      await client.until("two acknowledgements", () => acks().length >= 2);
      return acks().length === 2 ? "acknowledged" : "not acknowledged";
    }
    default:
      await client.seen();
      if (client.closed && expected === "ping") return "closed";
      return fatal(client) ?? expected;
  }
}

/** Whether an outcome is one of those that are right. */
function fits(outcome: string, expected: string): boolean {
  const [kind, codes = ""] = expected.split(" ");
  return codes.split("|").some((code) => outcome === (codes ? `${kind} ${code}` : kind)) ||
    outcome === expected;
}

test("the cases of the usual suite, over TCP and TLS", async () => {
  const folder = await Deno.makeTempDir();
  await makePair(folder, "default", { names: ["a.test"] });
  const ca = await Deno.readTextFile(`${folder}/default.pem`);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      // Some requests are reset in the middle.
      await request.arrayBuffer().catch(() => {});
      return new Response("hello world");
    },
  );
  const wrong: string[] = [];
  {
    await using balancer = await RawBalancer.for([`127.0.0.1:${server.addr.port}`], {
      LB_HTTP2_CLEARTEXT: "on",
      LB_TLS_PORT: "0",
      LB_TLS_CERTIFICATES: folder,
    });
    const ways = {
      TCP: () => Http2Client.to(balancer.port),
      TLS: () => Http2Client.toTls(balancer.balancer.tlsPort, ca),
    };
    for (const [way, connect] of Object.entries(ways)) {
      for (const [id, bytes] of Object.entries(PREFACES)) {
        using client = await connect();
        await client.send(bytes);
        await client.until(`${way} ${id}: the end`, () => client.closed);
      }
      for (const [id, expected, ...steps] of CASES) {
        using client = await connect();
        await client.start();
        try {
          for (const step of steps) await perform(client, step);
          const outcome = await within(id, outcomeOf(client, expected), 3000);
          if (!fits(outcome, expected)) wrong.push(`${way} ${id}: ${outcome}, not ${expected}`);
        } catch (error) {
          wrong.push(`${way} ${id}: ${error}, not ${expected}`);
        }
      }
    }
    assertEquals(await balancer.failures(), {});
  }
  await server.shutdown();
  await Deno.remove(folder, { recursive: true });
  assertEquals(wrong, []);
  assert(CASES.length > 140, `${CASES.length} cases`);
});
