import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DateLine } from "./date_line.ts";
import { isHopByHop, UNDERSCORED } from "./field_kind.ts";
import {
  type RequestAdditions,
  type ResponseAdditions,
  writeRequestHead,
  writeResponseHead,
} from "./head_writer.ts";
import { RequestHead } from "./request_head.ts";
import { ResponseHead } from "./response_head.ts";
import { ascii } from "./writer.ts";

const REQUEST: RequestAdditions = {
  requestId: ascii("id"),
  forwardedFor: ascii("192.0.2.1"),
  proto: ascii("http"),
  port: ascii("5000"),
  via: ascii("1.1 lb"),
  trusted: false,
  underscores: false,
  traceparent: undefined,
  withoutCookie: undefined,
};
const RESPONSE: ResponseAdditions = {
  requestId: ascii("id"),
  via: ascii("1.1 lb"),
  connection: "",
  framing: "as-is",
  date: undefined,
  ring: undefined,
  cookie: undefined,
};

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const lines = (...texts: string[]) => texts.map((text) => text + "\r\n").join("") + "\r\n";

function sentRequest(text: string, add: Partial<RequestAdditions> = {}): string {
  const bytes = bytesOf(text);
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100)?.reason, undefined);
  const out = new Uint8Array(4096);
  return textOf(out.subarray(1, writeRequestHead(out, 1, bytes, head, { ...REQUEST, ...add })));
}

function sentResponse(text: string, add: Partial<ResponseAdditions> = {}): string {
  const bytes = bytesOf(text);
  const head = new ResponseHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100)?.reason, undefined);
  const out = new Uint8Array(4096);
  return textOf(out.subarray(1, writeResponseHead(out, 1, bytes, head, { ...RESPONSE, ...add })));
}

Deno.test("A request is forwarded byte for byte, without the fields of its connection", () => {
  assertEquals(
    sentRequest(lines(
      "POST /a?b HTTP/1.1",
      "HOST:a.example ",
      "Connection: keep-alive, X-Mine",
      "uSeR-aGeNt:\tx \xe9",
      "X-Mine: 1",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "Proxy-Authorization: Basic x",
      "TE: trailers",
      "Trailer: X-Sum",
      "Via: 1.0 fred",
      "Expect: 100-continue",
      "Content-Length: 007",
    )),
    lines(
      "POST /a?b HTTP/1.1",
      "HOST:a.example ",
      "uSeR-aGeNt:\tx \xe9",
      "Trailer: X-Sum",
      "Via: 1.0 fred",
      "Expect: 100-continue",
      "Content-Length: 007",
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: a.example",
      "X-Forwarded-Port: 5000",
      "Via: 1.1 lb",
      "X-Request-Id: id",
      "TE: trailers",
      "Connection: TE",
    ),
  );
});

Deno.test("A chunked request is framed by one Transfer-Encoding of the proxy", () => {
  assertEquals(
    sentRequest(lines("POST / HTTP/1.1", "Host: a", "transfer-encoding:CHUNKED", "A: b")),
    lines(
      "POST / HTTP/1.1",
      "Host: a",
      "A: b",
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: a",
      "X-Forwarded-Port: 5000",
      "Via: 1.1 lb",
      "X-Request-Id: id",
      "Transfer-Encoding: chunked",
    ),
  );
});

const FORWARDED = [
  "X-Forwarded-For: 10.0.0.1, 10.0.0.2",
  "x-forwarded-for:",
  "X-Forwarded-For: 10.0.0.3",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: public.example",
  "X-Request-Id: theirs",
];

Deno.test("An untrusted client's forwarding fields are replaced", () => {
  assertEquals(
    sentRequest(lines("GET / HTTP/1.1", "Host: a", ...FORWARDED)),
    lines(
      "GET / HTTP/1.1",
      "Host: a",
      "X-Request-Id: theirs",
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: a",
      "X-Forwarded-Port: 5000",
      "Via: 1.1 lb",
    ),
  );
});

Deno.test("A trusted proxy's forwarding fields are kept and extended", () => {
  assertEquals(
    sentRequest(lines("GET / HTTP/1.1", "Host: a", ...FORWARDED), { trusted: true }),
    lines(
      "GET / HTTP/1.1",
      "Host: a",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: public.example",
      "X-Request-Id: theirs",
      "X-Forwarded-For: 10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1",
      "Via: 1.1 lb",
    ),
  );
  assertEquals(
    sentRequest(lines("GET / HTTP/1.1", "Host: a"), { trusted: true, requestId: undefined }),
    lines(
      "GET / HTTP/1.1",
      "Host: a",
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: a",
      "X-Forwarded-Port: 5000",
      "Via: 1.1 lb",
    ),
  );
});

const CLAIMS = [
  "Forwarded: for=192.0.2.60",
  "X-Real-IP: 192.0.2.60",
  "True-Client-IP: 192.0.2.60",
  "X-Forwarded-Port: 443",
  "X-Forwarded-Ssl: on",
  "CF-Connecting-IP: 192.0.2.60",
];

Deno.test("An untrusted client's origin fields are dropped", () => {
  const sent = lines(
    "GET / HTTP/1.1",
    "Host: a",
    "X-Forwarded-For: 192.0.2.1",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Host: a",
    "X-Forwarded-Port: 5000",
    "Via: 1.1 lb",
    "X-Request-Id: id",
  );
  assertEquals(sentRequest(lines("GET / HTTP/1.1", "Host: a", ...CLAIMS)), sent);
});

Deno.test("A trusted proxy's origin fields are forwarded", () => {
  assertEquals(
    sentRequest(lines("GET / HTTP/1.1", "Host: a", ...CLAIMS), { trusted: true }),
    lines(
      "GET / HTTP/1.1",
      "Host: a",
      ...CLAIMS,
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: a",
      "Via: 1.1 lb",
      "X-Request-Id: id",
    ),
  );
});

Deno.test("A name that a gateway folds onto a known one is not forwarded from any peer", () => {
  const folded = ["X_Forwarded_For: 1", "X.Real.IP: 1", "content_length: 9", "Forwarded~For: 1"];
  const odd = ["X.User: 1"];
  for (const trusted of [true, false]) {
    for (const underscores of [true, false]) {
      const text = lines("GET / HTTP/1.1", "Host: a", ...folded, ...odd, "X_User: 1");
      const sent = sentRequest(text, { trusted, underscores });
      assertEquals(
        sent.slice(0, sent.indexOf("X-Forwarded-For")),
        lines("GET / HTTP/1.1", "Host: a", ...odd, ...(underscores ? ["X_User: 1"] : []))
          .slice(0, -2),
      );
    }
  }
});

Deno.test("Without a name no Via is written", () => {
  const none = { via: ascii("") };
  assertEquals(sentRequest(lines("GET / HTTP/1.1", "Host: a"), none).includes("Via"), false);
  assertEquals(sentResponse(lines("HTTP/1.1 200 OK"), none).includes("Via"), false);
});

Deno.test("An incomplete offer of h2c is not forwarded, the rest of the offer is", () => {
  const offer = (upgrade: string) =>
    sentRequest(lines(
      "GET / HTTP/1.1",
      "Host: a",
      "Connection: Upgrade, HTTP2-Settings",
      `Upgrade: ${upgrade}`,
      "HTTP2-Settings: AAMAAABk",
    ));
  assertEquals(offer("h2c"), sentRequest(lines("GET / HTTP/1.1", "Host: a")));
  assertEquals(offer("H2C , "), sentRequest(lines("GET / HTTP/1.1", "Host: a")));
  for (const upgrade of ["h2c, websocket", "websocket,h2c", " ,websocket , h2c"]) {
    const sent = offer(upgrade);
    assert(sent.endsWith("\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), sent);
    assert(!sent.includes("HTTP2"), sent);
  }
});

Deno.test("TE: trailers is forwarded with its option, but not from HTTP/1.0", () => {
  const asked = "TE: trailers\r\nConnection: TE\r\n\r\n";
  const sent = (version: string, ...fields: string[]) =>
    sentRequest(lines(`GET / HTTP/${version}`, "Host: a", ...fields)).endsWith(asked);
  assertEquals(sent("1.1", "TE: trailers"), true);
  assertEquals(sent("1.1", "TE: gzip;q=0.5,\tTrailers"), true);
  assertEquals(sent("1.1", "TE: gzip", "TE: trailers", "Connection: TE, close"), true);
  assertEquals(sent("1.1", "TE: gzip"), false);
  assertEquals(sent("1.1", "TE: trailers;q=1"), false);
  assertEquals(sent("1.0", "TE: trailers"), false);
});

Deno.test("Max-Forwards of OPTIONS and TRACE is decremented, for other methods it is forwarded", () => {
  const sent = (method: string, value: string) => {
    const text = sentRequest(lines(`${method} / HTTP/1.1`, "Host: a", `Max-Forwards: ${value}`));
    return /Max-Forwards: (.*)\r/.exec(text)?.[1];
  };
  assertEquals(sent("OPTIONS", "10"), "9");
  assertEquals(sent("TRACE", "001"), "0");
  assertEquals(sent("GET", "10"), "10");
  assertEquals(sent("GET", "x"), "x");
});

Deno.test("An empty expectation is left out", () => {
  assertEquals(
    sentRequest(lines("GET / HTTP/1.1", "Host: a", "Expect: ")),
    sentRequest(lines("GET / HTTP/1.1", "Host: a")),
  );
});

Deno.test("A response without Date gains one, an interim response does not", () => {
  const date = new DateLine(() => 784_111_777_999);
  const bare = { via: ascii(""), requestId: undefined, date };
  const line = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
  assertEquals(sentResponse(lines("HTTP/1.1 200 OK"), bare), lines("HTTP/1.1 200 OK", line));
  const own = lines("HTTP/1.1 200 OK", "date: today");
  assertEquals(sentResponse(own, bare), own);
});

Deno.test("A repeated Content-Length is written once", () => {
  const bare = { via: ascii(""), requestId: undefined };
  const sent = (fields: string[], add: Partial<ResponseAdditions> = {}) =>
    sentResponse(lines("HTTP/1.1 200 OK", ...fields, "A: b"), { ...bare, ...add });
  const first = lines("HTTP/1.1 200 OK", "content-length: 5", "A: b");
  assertEquals(sent(["content-length: 5", "Content-Length: 5"]), first);
  assertEquals(sent(["content-length: 5", "Content-Length: 05, 5"]), first);
  const written = lines("HTTP/1.1 200 OK", "A: b", "Content-Length: 5");
  assertEquals(sent(["Content-Length: 5, 5"]), written);
  assertEquals(sent(["Content-Length: 5, 5", "Content-Length: 5"]), written);
  const chunked = lines("HTTP/1.1 200 OK", "A: b", "Transfer-Encoding: chunked");
  assertEquals(sent(["Content-Length: 5, 5"], { framing: "chunked" }), chunked);
});

Deno.test("426 keeps the protocols that it names", () => {
  const bare = { via: ascii(""), requestId: undefined };
  const text = lines("HTTP/1.1 426 Go", "Upgrade: TLS/1.3", "Connection: upgrade", "A: b");
  for (
    const [connection, options] of [
      ["", "upgrade"],
      ["close", "close, upgrade"],
      ["keep-alive", "keep-alive, upgrade"],
    ] as const
  ) {
    assertEquals(
      sentResponse(text, { ...bare, connection }),
      lines("HTTP/1.1 426 Go", "A: b", `Connection: ${options}`, "Upgrade: TLS/1.3"),
    );
  }
  const without = lines("HTTP/1.1 426 Go", "A: b");
  assertEquals(sentResponse(without, bare), without);
});

Deno.test("The authority of an absolute-form target takes the place of Host", () => {
  const rest = lines(
    "A: b",
    "X-Forwarded-For: 192.0.2.1",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Host: b:80",
    "X-Forwarded-Port: 5000",
    "Via: 1.1 lb",
    "X-Request-Id: id",
  );
  for (const [target, sent] of [["/p?q", "/p?q"], ["", "/"], ["?q", "/?q"]]) {
    assertEquals(
      sentRequest(lines(`GET http://b:80${target} HTTP/1.1`, "A: b", "Host: a")),
      `GET ${sent} HTTP/1.1\r\nHost: b:80\r\n${rest}`,
    );
  }
});

Deno.test("A request of HTTP/1.0 becomes one of HTTP/1.1, without its expectation", () => {
  assertEquals(
    sentRequest(lines("GET / HTTP/1.0", "Expect: 100-continue", "A: b")),
    lines(
      "GET / HTTP/1.1",
      "Host:",
      "A: b",
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Port: 5000",
      "Via: 1.1 lb",
      "X-Request-Id: id",
    ),
  );
  assert(sentRequest(lines("GET / HTTP/1.1", "Host:")).startsWith("GET / HTTP/1.1\r\nHost:\r\nX-"));
});

Deno.test("An upgrade is requested with the proxy's own fields", () => {
  const sent = sentRequest(lines(
    "GET /ws HTTP/1.1",
    "Host: a",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Upgrade:",
    "upgrade: x/1",
  ));
  assert(sent.endsWith("\r\nConnection: upgrade\r\nUpgrade: websocket, x/1\r\n\r\n"), sent);
  const plain = sentRequest(lines("GET / HTTP/1.1", "Host: a", "Upgrade: h2c"));
  assert(!plain.includes("pgrade"), plain);
});

const RECEIVED = lines(
  "HTTP/1.0 200 Fine",
  "content-type: text/plain",
  "Connection: keep-alive, X-Mine",
  "X-Mine: 1",
  "Via: 1.0 fred",
  "Content-Length: 5",
);

Deno.test("A response is forwarded byte for byte, without the fields of its connection", () => {
  assertEquals(
    sentResponse(RECEIVED, { connection: "keep-alive" }),
    lines(
      "HTTP/1.1 200 Fine",
      "content-type: text/plain",
      "Via: 1.0 fred",
      "Content-Length: 5",
      "Via: 1.1 lb",
      "X-Request-Id: id",
      "Connection: keep-alive",
    ),
  );
});

Deno.test("A response keeps its framing, becomes chunked, or has none", () => {
  const chunked = lines("HTTP/1.1 200", "transfer-encoding: CHUNKED");
  const bare = { via: ascii(""), requestId: undefined };
  const line = "Transfer-Encoding: chunked";
  assertEquals(sentResponse(chunked, bare), lines("HTTP/1.1 200 ", line));
  assertEquals(sentResponse(chunked, { ...bare, framing: "none" }), lines("HTTP/1.1 200 "));
  const untilClose = lines("HTTP/1.0 200 OK", "A: b");
  assertEquals(
    sentResponse(untilClose, { ...bare, framing: "chunked", connection: "close" }),
    lines("HTTP/1.1 200 OK", "A: b", line, "Connection: close"),
  );
  const sized = lines("HTTP/1.1 304 Not Modified", "Content-Length: 5");
  assertEquals(sentResponse(sized, { ...bare, framing: "none" }), sized);
});

Deno.test("A response that cannot have a body is forwarded without framing", () => {
  const bare = { via: ascii(""), requestId: undefined };
  for (const framing of ["as-is", "chunked", "none"] as const) {
    for (const field of ["Content-Length: 0", "Transfer-Encoding: chunked"]) {
      const sent = sentResponse(lines("HTTP/1.1 204 x", field), { ...bare, framing });
      assertEquals(sent, lines("HTTP/1.1 204 x"));
    }
  }
});

Deno.test("An informational response has no additions, an upgrade gets the proxy's own fields", () => {
  const bare = { via: ascii(""), requestId: undefined };
  const hints = lines("HTTP/1.1 103 Early Hints", "Link: </a>");
  assertEquals(sentResponse(hints, bare), hints);
  assertEquals(
    sentResponse(
      lines("HTTP/1.1 101 Go", "UPGRADE: websocket", "Connection: Upgrade", "A: b"),
      { ...bare, connection: "upgrade" },
    ),
    lines("HTTP/1.1 101 Go", "A: b", "Connection: upgrade", "Upgrade: websocket"),
  );
});

Deno.test("A response keeps its own request identifier", () => {
  const text = lines("HTTP/1.1 200 OK", "X-Request-Id: theirs");
  assertEquals(sentResponse(text, { via: ascii("") }), text);
});

Deno.test("Nothing is written into a buffer that might be too small", () => {
  const request = bytesOf(lines("GET http://b HTTP/1.1", "Host: a", ...FORWARDED));
  const response = bytesOf(RECEIVED);
  const requestHead = new RequestHead();
  const responseHead = new ResponseHead();
  assertEquals(requestHead.parse(request, 0, request.length, 100), undefined);
  assertEquals(responseHead.parse(response, 0, response.length, 100), undefined);
  const trusting = { ...REQUEST, trusted: true, traceparent: "t".repeat(55) };
  for (let size = 0; size < 1000; size++) {
    const out = new Uint8Array(size);
    const ends = [
      writeRequestHead(out, 0, request, requestHead, trusting),
      writeResponseHead(out, 0, response, responseHead, RESPONSE),
    ];
    for (const end of ends) {
      assert(end <= size && (end !== -1 || size < 900), `${end} in ${size}`);
      if (end === -1 && ends.every((one) => one === -1)) {
        assert(out.every((byte) => byte === 0), `${size}`);
      }
    }
  }
});

const NAME = fc.constantFrom("A", "x-b", "Accept", "Cookie", "X_A", "X.A", "TE", "Keep-Alive");
const VALUE = fc.string({ unit: fc.constantFrom("a", "B", "1", " ", "\t", ",", "\xe9", ":") });
const FIELD = fc.tuple(NAME, VALUE).map(([name, value]) => `${name}: ${value}`);
const FRAMING = fc.constantFrom([], ["Content-Length: 42"], ["Transfer-Encoding: chunked"]);
const FIELDS = fc.tuple(fc.array(FIELD, { maxLength: 12 }), FRAMING);

/** Lines of the fields that may be forwarded, and were received. */
function crossing(bytes: Uint8Array, head: RequestHead | ResponseHead): string[] {
  const found: string[] = [];
  for (let i = 0; i < head.fields.count; i++) {
    const line = textOf(bytes.subarray(head.fields.lineStart(i), head.fields.lineEnd(i)));
    const ours = /^(?:X-Forwarded|Via|X-Request-Id)/.test(line);
    const kind = head.fields.kind(i);
    if (!ours && !isHopByHop(kind) && kind !== UNDERSCORED) found.push(line);
  }
  return found;
}

Deno.test("Any written request is parsed back equally", () => {
  const request = fc.record({
    method: fc.constantFrom("GET", "POST", "BREW"),
    target: fc.webPath(),
    fields: FIELDS,
    trusted: fc.boolean(),
  });
  fc.assert(
    fc.property(request, ({ method, target, fields, trusted }) => {
      const path = target.startsWith("/") ? target : `/${target}`;
      const text = lines(`${method} ${path} HTTP/1.1`, "Host: a", ...fields[0], ...fields[1]);
      const sent = bytesOf(sentRequest(text, { trusted }));
      const [before, after] = [new RequestHead(), new RequestHead()];
      before.parse(bytesOf(text), 0, text.length, 100);
      assertEquals(after.parse(sent, 0, sent.length, 100), undefined);
      assertEquals([after.method, after.contentLength, after.chunked, after.minor], [
        method,
        before.contentLength,
        before.chunked,
        1,
      ]);
      assertEquals(textOf(sent.subarray(after.targetStart, after.targetEnd)), path);
      assertEquals(crossing(sent, after), crossing(bytesOf(text), before));
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("Any written response is parsed back equally", () => {
  const response = fc.record({
    status: fc.integer({ min: 200, max: 999 }).filter((status) => status !== 204),
    reason: fc.constantFrom("", "OK", "Not  Found"),
    fields: FIELDS,
  });
  fc.assert(
    fc.property(response, ({ status, reason, fields }) => {
      const text = lines(`HTTP/1.1 ${status} ${reason}`, ...fields[0], ...fields[1]);
      const sent = bytesOf(sentResponse(text));
      const [before, after] = [new ResponseHead(), new ResponseHead()];
      before.parse(bytesOf(text), 0, text.length, 100);
      assertEquals(after.parse(sent, 0, sent.length, 100), undefined);
      assertEquals([after.status, after.contentLength, after.chunked], [
        status,
        before.contentLength,
        before.chunked,
      ]);
      assertEquals(crossing(sent, after), crossing(bytesOf(text), before));
    }),
    { seed: 1, numRuns: 300 },
  );
});
