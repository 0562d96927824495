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
  START,
  windowUpdate,
} from "../../balancer/proxy/http2/testing.ts";
import { OK, RawUpstream } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { DataPlaneHarness } from "./harness/data_plane.ts";
import { Http2Client, statusOf } from "./harness/http2_client.ts";

/**
 * One case: frames after the settings, and their outcome: a status on the last stream, an error
 * of a stream or of the connection, or `alive`.
 */
type Case = readonly [name: string, outcome: string, ...frames: Uint8Array[]];

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE } = frame;
const { PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } = frame;
const OPEN = frame.END_HEADERS;
const PROTOCOL = "connection PROTOCOL_ERROR";
const SIZE = "connection FRAME_SIZE_ERROR";
const FLOW = "connection FLOW_CONTROL_ERROR";
const COMPRESSION = "connection COMPRESSION_ERROR";
const CLOSED = "connection STREAM_CLOSED";
const MALFORMED = "stream PROTOCOL_ERROR";
const EIGHT = new Uint8Array(8);
const TOO_LONG = new Uint8Array(frame.MAX_PAYLOAD + 1);

/** A stream whose request is incomplete. */
const UPLOAD = headers(1, POST, OPEN);
/** A stream whose response cannot be sent: it is half-closed. */
const STALLED = join(settings([4, 0]), headers(1, GET));
/** A stream that the client has reset. */
const RESET = join(UPLOAD, resetOf(1, 8));

function get(...fields: readonly Pair[]): Uint8Array {
  return headers(1, [...GET, ...fields]);
}

function without(name: string, ...more: readonly Pair[]): Uint8Array {
  return headers(1, [...GET.filter(([known]) => known !== name), ...more]);
}

function withPseudo(name: string, value: string): Uint8Array {
  return headers(1, GET.map(([known, old]): Pair => [known, known === name ? value : old]));
}

function post(length: string, ...frames: Uint8Array[]): Uint8Array {
  return join(headers(1, [...POST, ["content-length", length]], OPEN), ...frames);
}

const SECTIONS: Record<string, readonly Case[]> = {
  "4.1 frame format": [
    ["an unknown type is ignored", "status 200", frameOf(99, 0, 0, EIGHT), get()],
    ["an unknown type on a stream is ignored", "alive", UPLOAD, frameOf(99, 255, 1, EIGHT)],
    ["unknown flags are ignored", "status 200", frameOf(HEADERS, END | 0xd2, 1, blockOf(GET))],
    ["the reserved bit is ignored", "status 200", reserved(get())],
  ],
  "4.2 frame size": [
    ["a payload of 16384 bytes", "alive", UPLOAD, data(1, TOO_LONG.subarray(1))],
    ["DATA that is too long", SIZE, UPLOAD, data(1, TOO_LONG)],
    ["HEADERS that is too long", SIZE, frameOf(HEADERS, OPEN, 1, TOO_LONG)],
    ["SETTINGS that is too long", SIZE, frameOf(SETTINGS, 0, 0, TOO_LONG)],
    ["an unknown frame that is too long", SIZE, frameOf(99, 0, 0, TOO_LONG)],
  ],
  "4.3 field section": [
    ["an index beyond the tables", COMPRESSION, frameOf(HEADERS, END, 1, [0xff, 0x7f])],
    ["index 0", COMPRESSION, frameOf(HEADERS, END, 1, [0x80])],
    ["half a string", COMPRESSION, frameOf(HEADERS, END, 1, [0, 5, 97])],
    ["malformed Huffman code", COMPRESSION, frameOf(HEADERS, END, 1, [0, 0x81, 0xff, 1, 97])],
    ["an endless integer", COMPRESSION, frameOf(HEADERS, END, 1, new Uint8Array(20).fill(255))],
    ["a table that is too large", COMPRESSION, frameOf(HEADERS, END, 1, [0x3f, 0xe2, 0x1f])],
    ["a change of the table behind a field", COMPRESSION, frameOf(HEADERS, END, 1, [0x82, 0x20])],
    [
      "a smaller table",
      "status 200",
      frameOf(HEADERS, END, 1, [0x20, ...blockOf(GET)]),
    ],
    ["a refused stream's block counts", "status 200", ...indexedByRefused()],
    ["a block in three frames", "status 200", ...split(GET, 3)],
    ["an empty CONTINUATION", "status 200", ...split(GET, 2), frameOf(PING, 0, 0, EIGHT)],
    ["DATA within a block", PROTOCOL, UPLOAD, ...split(GET, 2, 3).slice(0, 1), data(1, "a")],
    ["HEADERS within a block", PROTOCOL, ...split(GET, 2).slice(0, 1), headers(3, GET)],
    ["PRIORITY within a block", PROTOCOL, ...split(GET, 2).slice(0, 1), priority(1, 3)],
    ["an unknown frame within a block", PROTOCOL, ...split(GET, 2).slice(0, 1), frameOf(99, 0, 1)],
    [
      "CONTINUATION of another stream",
      PROTOCOL,
      ...split(GET, 2).slice(0, 1),
      frameOf(CONTINUATION, OPEN, 3),
    ],
  ],
  "5.1 stream states": [
    ["DATA on an idle stream", PROTOCOL, data(1, "a")],
    ["RST_STREAM on an idle stream", PROTOCOL, resetOf(1, 8)],
    ["WINDOW_UPDATE on an idle stream", PROTOCOL, windowUpdate(1, 1)],
    ["CONTINUATION on an idle stream", PROTOCOL, frameOf(CONTINUATION, OPEN, 1)],
    ["PRIORITY on an idle stream", "status 200", priority(1, 3), get()],
    ["DATA on a half-closed stream", "stream STREAM_CLOSED", STALLED, data(1, "a")],
    ["HEADERS on a half-closed stream", "stream STREAM_CLOSED", STALLED, headers(1, GET)],
    ["CONTINUATION on a half-closed stream", PROTOCOL, STALLED, frameOf(CONTINUATION, OPEN, 1)],
    ["WINDOW_UPDATE on a half-closed stream", "status 200", STALLED, windowUpdate(1, 10)],
    ["PRIORITY on a half-closed stream", "alive", STALLED, priority(1, 3)],
    ["RST_STREAM on a half-closed stream", "alive", STALLED, resetOf(1, 8)],
    ["DATA on a closed stream", CLOSED, RESET, data(1, "a")],
    ["HEADERS on a closed stream", CLOSED, RESET, headers(1, GET)],
    ["CONTINUATION on a closed stream", PROTOCOL, RESET, frameOf(CONTINUATION, OPEN, 1)],
    ["WINDOW_UPDATE on a closed stream", "alive", RESET, windowUpdate(1, 1)],
    ["PRIORITY on a closed stream", "alive", RESET, priority(1, 3)],
    ["RST_STREAM on a closed stream", "alive", RESET, resetOf(1, 8)],
    ["DATA on a stream that the server reset", MALFORMED, ...refused(), data(1, "a")],
    ["HEADERS on a stream that the server reset", MALFORMED, ...refused(), headers(1, GET)],
  ],
  "5.1.1 stream identifiers": [
    ["an even number", PROTOCOL, headers(2, GET)],
    ["stream 0", PROTOCOL, headers(0, GET)],
    ["a number that is lower than before", PROTOCOL, headers(5, GET), headers(3, GET)],
    ["a number that skips others", "status 200", headers(77, GET)],
    ["the largest number", "status 200", headers(2 ** 31 - 1, GET)],
  ],
  "5.1.2 concurrency": [
    ["one stream too many", "stream REFUSED_STREAM", ...uploads(6)],
    ["as many as announced", "alive", ...uploads(5)],
    ["a place that became free", "alive", ...uploads(5), resetOf(1, 8), headers(11, POST, OPEN)],
  ],
  "5.3 priority": [
    ["HEADERS that depends on itself", PROTOCOL, withPriority(1, 1)],
    ["HEADERS with a priority", "status 200", withPriority(1, 0)],
    ["HEADERS that is too short for its priority", SIZE, frameOf(HEADERS, END | 0x20, 1, [0])],
    ["PRIORITY that depends on itself", PROTOCOL, priority(1, 1)],
  ],
  "6.1 DATA": [
    ["on stream 0", PROTOCOL, data(0, "a")],
    ["with padding", "status 200", UPLOAD, frameOf(DATA, 9, 1, [2, 97, 0, 0])],
    ["with nothing but padding", "status 200", UPLOAD, frameOf(DATA, 9, 1, [2, 0, 0])],
    ["with padding as long as the frame", PROTOCOL, UPLOAD, frameOf(DATA, 8, 1, [3, 97, 0])],
    ["with more padding than bytes", PROTOCOL, UPLOAD, frameOf(DATA, 8, 1, [200, 97])],
    ["that is empty and padded", SIZE, UPLOAD, frameOf(DATA, 8, 1)],
    ["that is empty and last", "status 200", UPLOAD, data(1, "", 1)],
  ],
  "6.2 HEADERS": [
    ["on stream 0", PROTOCOL, frameOf(HEADERS, END, 0, blockOf(GET))],
    ["with padding", "status 200", frameOf(HEADERS, END | 8, 1, [1, ...blockOf(GET), 0])],
    ["with too much padding", PROTOCOL, frameOf(HEADERS, END | 8, 1, [99, ...blockOf(GET)])],
    ["that is empty and padded", SIZE, frameOf(HEADERS, END | 8, 1)],
    ["that is empty", MALFORMED, frameOf(HEADERS, END, 1)],
  ],
  "6.3 PRIORITY": [
    ["on stream 0", PROTOCOL, frameOf(PRIORITY, 0, 0, [0, 0, 0, 1, 1])],
    ["of another length", SIZE, frameOf(PRIORITY, 0, 1, [0, 0, 0, 3])],
  ],
  "6.4 RST_STREAM": [
    ["on stream 0", PROTOCOL, resetOf(0, 8)],
    ["of another length", SIZE, UPLOAD, frameOf(RST_STREAM, 0, 1, [0, 0, 8])],
    ["with an unknown code", "alive", UPLOAD, resetOf(1, 4711)],
  ],
  "6.5 SETTINGS": [
    ["on a stream", PROTOCOL, frameOf(SETTINGS, 0, 1)],
    ["of a length that is no multiple of 6", SIZE, frameOf(SETTINGS, 0, 0, [0, 1, 0, 0, 0])],
    ["an acknowledgement that is not empty", SIZE, frameOf(SETTINGS, 1, 0, EIGHT.subarray(2))],
    ["ENABLE_PUSH 2", PROTOCOL, settings([2, 2])],
    ["ENABLE_PUSH 1", "alive", settings([2, 1])],
    ["INITIAL_WINDOW_SIZE 2^31", FLOW, settings([4, 2 ** 31])],
    ["INITIAL_WINDOW_SIZE 2^31 - 1", "alive", settings([4, 2 ** 31 - 1])],
    ["MAX_FRAME_SIZE 16383", PROTOCOL, settings([5, 16_383])],
    ["MAX_FRAME_SIZE 2^24", PROTOCOL, settings([5, 2 ** 24])],
    ["MAX_FRAME_SIZE 2^24 - 1", "alive", settings([5, 2 ** 24 - 1])],
    ["an unknown setting", "status 200", settings([99, 7]), get()],
    ["one setting twice", "status 200", settings([4, 0], [4, 65_535]), get()],
    ["HEADER_TABLE_SIZE 0", "status 200", settings([1, 0]), get()],
    ["HEADER_TABLE_SIZE 2^32 - 1", "status 200", settings([1, 2 ** 32 - 1]), get()],
    ["MAX_CONCURRENT_STREAMS 0", "status 200", settings([3, 0]), get()],
    ["a second acknowledgement", "alive", frameOf(SETTINGS, 1, 0)],
  ],
  "6.6 PUSH_PROMISE": [
    ["from a client", PROTOCOL, UPLOAD, frameOf(PUSH_PROMISE, OPEN, 1, [0, 0, 0, 2])],
  ],
  "6.7 PING": [
    ["on a stream", PROTOCOL, frameOf(PING, 0, 1, EIGHT)],
    ["of another length", SIZE, frameOf(PING, 0, 0, EIGHT.subarray(1))],
    ["an answer to none", "alive", frameOf(PING, 1, 0, EIGHT)],
  ],
  "6.8 GOAWAY": [
    ["on a stream", PROTOCOL, frameOf(GOAWAY, 0, 1, EIGHT)],
    ["that is too short", SIZE, frameOf(GOAWAY, 0, 0, EIGHT.subarray(1))],
    ["in the middle of a request", "status 200", UPLOAD, goAway(), data(1, "a", 1)],
  ],
  "6.9 WINDOW_UPDATE": [
    ["of 0 bytes on the connection", PROTOCOL, windowUpdate(0, 0)],
    ["of 0 bytes on a stream", MALFORMED, UPLOAD, windowUpdate(1, 0)],
    ["of another length", SIZE, frameOf(WINDOW_UPDATE, 0, 0, [0, 0, 1])],
    ["of another length on a stream", SIZE, UPLOAD, frameOf(WINDOW_UPDATE, 0, 1, EIGHT)],
  ],
  "6.9.1 windows": [
    ["a connection's above 2^31 - 1", FLOW, windowUpdate(0, 2 ** 31 - 1)],
    [
      "a stream's above 2^31 - 1",
      "stream FLOW_CONTROL_ERROR",
      UPLOAD,
      windowUpdate(1, 2 ** 31 - 1),
    ],
    ["that SETTINGS makes too large", FLOW, UPLOAD, windowUpdate(1, 9), settings([4, 2 ** 31 - 1])],
    ["that SETTINGS opens", "status 200", STALLED, settings([4, 100])],
    ["a negative one that opens", "status 200", ...negative()],
  ],
  "6.10 CONTINUATION": [
    ["on stream 0", PROTOCOL, frameOf(CONTINUATION, OPEN, 0)],
    ["behind a complete block", PROTOCOL, UPLOAD, frameOf(CONTINUATION, OPEN, 1)],
    ["behind DATA", PROTOCOL, UPLOAD, data(1, "a"), frameOf(CONTINUATION, OPEN, 1)],
  ],
  "8.1 message framing": [
    ["a body in several frames", "status 200", UPLOAD, data(1, "a"), data(1, "b", 1)],
    ["a trailer section", "status 200", UPLOAD, data(1, "a"), headers(1, [["x-sum", "1"]])],
    ["a trailer section without an end", MALFORMED, UPLOAD, headers(1, [["x-sum", "1"]], OPEN)],
    ["a pseudo-header field in trailers", MALFORMED, UPLOAD, headers(1, [[":path", "/"]])],
    ["a length in trailers", MALFORMED, UPLOAD, headers(1, [["content-length", "0"]])],
    ["upper case in trailers", MALFORMED, UPLOAD, headers(1, [["X-Sum", "1"]])],
    ["a trailer field that frames", "status 400", UPLOAD, headers(1, [["host", "b"]])],
  ],
  "8.1.1 content length": [
    ["that is right", "status 200", post("2", data(1, "ab", 1))],
    ["that is right over two frames", "status 200", post("2", data(1, "a"), data(1, "b", 1))],
    ["more than DATA", MALFORMED, post("3", data(1, "ab", 1))],
    ["less than DATA", MALFORMED, post("1", data(1, "ab", 1))],
    ["without DATA", MALFORMED, headers(1, [...POST, ["content-length", "1"]])],
    ["0 without DATA", "status 200", headers(1, [...POST, ["content-length", "0"]])],
    [
      "more than DATA before trailers",
      MALFORMED,
      post("3", data(1, "ab"), headers(1, [["a", ""]])),
    ],
    ["that is no number", MALFORMED, post("+2", data(1, "ab", 1))],
    ["with a sign", MALFORMED, post("-2", data(1, "ab", 1))],
    ["as a list", MALFORMED, post("2, 2", data(1, "ab", 1))],
    ["twice", MALFORMED, headers(1, [...POST, ["content-length", "2"], ["content-length", "2"]])],
  ],
  "8.2.1 field validity": [
    ["upper case in a name", MALFORMED, get(["X-A", "b"])],
    ["a space in a name", MALFORMED, get(["x a", "b"])],
    ["a colon in a name", MALFORMED, get(["x:a", "b"])],
    ["a line end in a name", MALFORMED, get(["x\r\na", "b"])],
    ["an empty name", MALFORMED, get(["", "b"])],
    ["obs-text in a name", MALFORMED, get(["xé", "b"])],
    ["NUL in a value", MALFORMED, get(["x-a", "b\0c"])],
    ["LF in a value", MALFORMED, get(["x-a", "b\nc"])],
    ["CR in a value", MALFORMED, get(["x-a", "b\rc"])],
    ["a space before a value", MALFORMED, get(["x-a", " b"])],
    ["a tab behind a value", MALFORMED, get(["x-a", "b\t"])],
    ["another control character in a value", "status 400", get(["x-a", "b\x01c"])],
    ["an empty value", "status 200", get(["x-a", ""])],
    ["obs-text in a value", "status 200", get(["x-a", "é"])],
  ],
  "8.2.2 fields about the connection": [
    ["Connection", MALFORMED, get(["connection", "close"])],
    ["Keep-Alive", MALFORMED, get(["keep-alive", "timeout=5"])],
    ["Proxy-Connection", MALFORMED, get(["proxy-connection", "keep-alive"])],
    ["Transfer-Encoding", MALFORMED, get(["transfer-encoding", "chunked"])],
    ["Upgrade", MALFORMED, get(["upgrade", "websocket"])],
    ["TE: gzip", MALFORMED, get(["te", "gzip"])],
    ["TE: trailers, gzip", MALFORMED, get(["te", "trailers, gzip"])],
    ["TE: trailers", "status 200", get(["te", "trailers"])],
  ],
  "8.2.3 cookies": [
    ["in several fields", "status 200", get(["cookie", "a=1"], ["cookie", "b=2"])],
  ],
  "8.3 pseudo-header fields": [
    ["an unknown one", MALFORMED, headers(1, [[":test", "a"], ...GET])],
    ["one of responses", MALFORMED, headers(1, [[":status", "200"], ...GET])],
    ["one behind a field", MALFORMED, headers(1, [["x-a", "b"], ...GET])],
    ["the last one behind a field", MALFORMED, without(":path", ["x-a", "b"], [":path", "/"])],
    [":protocol, which is not announced", MALFORMED, get([":protocol", "websocket"])],
  ],
  "8.3.1 requests": [
    ["without :method", MALFORMED, without(":method")],
    ["without :scheme", MALFORMED, without(":scheme")],
    ["without :path", MALFORMED, without(":path")],
    ["without :authority and Host", "status 400", without(":authority")],
    ["with Host alone", "status 200", without(":authority", ["host", "a.example"])],
    ["with two :method", MALFORMED, headers(1, [[":method", "GET"], ...GET])],
    ["with two :path", MALFORMED, headers(1, [[":path", "/"], ...GET])],
    ["with two :scheme", MALFORMED, headers(1, [[":scheme", "http"], ...GET])],
    ["with two :authority", MALFORMED, headers(1, [[":authority", "a"], ...GET])],
    ["with an empty :path", MALFORMED, withPseudo(":path", "")],
    ["with a :path without a slash", MALFORMED, withPseudo(":path", "index")],
    ["with a URI as :path", MALFORMED, withPseudo(":path", "http://b/")],
    ["with a space in :path", MALFORMED, withPseudo(":path", "/a b")],
    ["with a line end in :path", MALFORMED, withPseudo(":path", "/ HTTP/1.1\r\nHost: b")],
    ["with a fragment in :path", "status 400", withPseudo(":path", "/#a")],
    ["with an empty :method", MALFORMED, withPseudo(":method", "")],
    ["with a space in :method", MALFORMED, withPseudo(":method", "GET /a")],
    ["with a method of their own", "status 200", withPseudo(":method", "PURGE")],
    ["with another :scheme", MALFORMED, withPseudo(":scheme", "gopher")],
    ["with :scheme https", "status 200", withPseudo(":scheme", "https")],
    ["with an empty :authority", MALFORMED, withPseudo(":authority", "")],
    ["with a line end in :authority", MALFORMED, withPseudo(":authority", "a\r\nx: y")],
    ["with userinfo in :authority", "status 400", withPseudo(":authority", "user@a")],
    ["with another Host", MALFORMED, get(["host", "b.example"])],
    ["with the same Host", "status 200", get(["host", "A.example"])],
    ["with two Host", MALFORMED, get(["host", "a.example"], ["host", "a.example"])],
    ["GET with an asterisk", MALFORMED, withPseudo(":path", "*")],
    ["OPTIONS with an asterisk", "status 200", asterisk()],
    ["with a head that is too large", "status 431", get(["x-a", "b".repeat(9000)])],
    ["with too many fields", "status 431", get(...Array.from({ length: 99 }, field))],
    ["with a line that is too long", "status 414", withPseudo(":path", `/${"a".repeat(5000)}`)],
  ],
  "8.5 CONNECT": [
    [
      "that is well-formed",
      "status 501",
      headers(1, [[":method", "CONNECT"], [":authority", "a:1"]]),
    ],
    ["with :path", MALFORMED, withPseudo(":method", "CONNECT")],
    ["without :authority", MALFORMED, headers(1, [[":method", "CONNECT"]])],
  ],
};

function reserved(bytes: Uint8Array): Uint8Array {
  bytes[5]! |= 0x80;
  return bytes;
}

function priority(stream: number, on: number): Uint8Array {
  return frameOf(PRIORITY, 0, stream, [...number32(on), 15]);
}

function withPriority(stream: number, on: number): Uint8Array {
  return frameOf(HEADERS, END | 0x20, stream, [...number32(on), 15, ...blockOf(GET)]);
}

/** HEADERS and CONTINUATION. */
function split(fields: readonly Pair[], parts: number, stream = 1): Uint8Array[] {
  const block = blockOf(fields);
  const size = Math.ceil(block.length / parts);
  return Array.from({ length: parts }, (_, i) => {
    const flags = (i === parts - 1 ? OPEN : 0) | (i === 0 ? 1 : 0);
    const payload = block.subarray(i * size, (i + 1) * size);
    return frameOf(i === 0 ? HEADERS : CONTINUATION, flags, stream, payload);
  });
}

function uploads(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => headers(2 * i + 1, POST, OPEN));
}

/** A stream that is reset since its request is malformed. */
function refused(): Uint8Array[] {
  return [headers(1, [], OPEN)];
}

/** A malformed request puts :authority into the table; the next one uses it. */
function indexedByRefused(): Uint8Array[] {
  const entry = [0x41, 1, 97];
  return [
    frameOf(HEADERS, END, 1, [...entry]),
    frameOf(HEADERS, END, 3, [0x82, 0x86, 0x84, 0xbe]),
  ];
}

/** Two bytes are sent before the window shrinks below them. */
function negative(): Uint8Array[] {
  return [settings([4, 1]), headers(1, GET), settings([4, 0]), windowUpdate(1, 2)];
}

function goAway(): Uint8Array {
  return frameOf(GOAWAY, 0, 0, EIGHT);
}

function asterisk(): Uint8Array {
  return headers(1, [[":method", "OPTIONS"], [":scheme", "http"], [":path", "*"], [
    ":authority",
    "a",
  ]]);
}

function field(_: unknown, i: number): Pair {
  return [`x-${i}`, "v"];
}

/** Outcomes of frames. */
async function outcomeOf(client: Http2Client, expected: string): Promise<string> {
  if (expected.startsWith("status")) {
    const over = () =>
      client.goAways.length > 0 ||
      [...client.streams.values()].some((one) => statusOf(one) !== undefined);
    await client.until("an answer", over);
  } else await client.seen();
  const [error] = client.goAways.filter(([code]) => code !== "NO_ERROR");
  if (error) return `connection ${error[0]}`;
  const streams = [...client.streams.values()];
  const status = streams.map(statusOf).find((one) => one !== undefined);
  if (expected.startsWith("status") && status) return `status ${status}`;
  const reset = streams.map((one) => one.reset).find((one) => one !== undefined);
  return reset ? `stream ${reset}` : "alive";
}

test("RFC 9113, section by section", async (t) => {
  await using upstream = new RawUpstream(() => OK);
  const server = { address: upstream.address };
  await using bench = await DataPlaneHarness.open({
    http2: { cleartext: true, streams: 5 },
    limits: { fields: 60, headBytes: 8192, lineBytes: 4096 },
  });
  await bench.publish({
    ready: { Server1: server, Server2: server, Server3: server, Server4: server },
  });
  let cases = 0;
  for (const [section, list] of Object.entries(SECTIONS)) {
    await t.step(section, async () => {
      for (const [name, expected, ...frames] of list) {
        using client = await Http2Client.open(bench.port);
        await client.send(...frames);
        assertEquals(await outcomeOf(client, expected), expected, `${section}: ${name}`);
        cases++;
      }
    });
  }
  await t.step("3.4 preface", async () => {
    const prefaces: Record<string, Uint8Array> = {
      "a preface that is wrong behind its first line": join(frame.PREFACE.subarray(0, 20), EIGHT),
      "no SETTINGS": join(frame.PREFACE, frameOf(PING, 0, 0, EIGHT)),
      "an acknowledgement in the place of SETTINGS": join(frame.PREFACE, frameOf(SETTINGS, 1, 0)),
      "HEADERS before SETTINGS": join(frame.PREFACE, headers(1, GET)),
    };
    for (const [name, bytes] of Object.entries(prefaces)) {
      using client = await Http2Client.to(bench.port);
      await client.send(bytes);
      await client.until("the end", () => client.goAways.length > 0);
      assertEquals(client.goAways[0]?.[0], "PROTOCOL_ERROR", name);
      cases++;
    }
    using slow = await Http2Client.to(bench.port);
    for (const byte of join(START, headers(1, GET))) await slow.send(Uint8Array.of(byte));
    assertEquals(statusOf(await slow.answer(1)), "200");
  });
  assert(cases > 170, `${cases} cases`);
  assertEquals(bench.failures, []);
});
