import { assertEquals } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import {
  balancerFor,
  field,
  get,
  OK,
  type RawBalancer,
  RawConnection,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** The smuggled request: answered as a second one if the first were cut too short. */
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/** A head of these lines, with the bytes behind it. */
function message(lines: readonly string[], behind = ""): string {
  return `${lines.join("\r\n")}\r\n\r\n${behind}`;
}

/** A POST with these fields, and a body that two parsers might see differently. */
function post(...fields: string[]): string {
  return message(["POST / HTTP/1.1", "Host: a", ...fields], `0\r\n\r\n${SMUGGLED}`);
}

/** A chunked POST. */
function chunked(body: string): string {
  return message(["POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"], body);
}

/** A GET with these bytes for a field line. */
function line(bytes: string): string {
  return message(["GET / HTTP/1.1", "Host: a", bytes, "X-End: 1"], SMUGGLED);
}

function start(bytes: string, ...fields: string[]): string {
  return message([bytes, "Host: a", ...fields], SMUGGLED);
}

type Table = readonly (readonly [name: string, status: number, bytes: string])[];

const LENGTHS: Table = [
  [
    "Content-Length with Transfer-Encoding",
    400,
    post("Content-Length: 5", "Transfer-Encoding: chunked"),
  ],
  [
    "Transfer-Encoding with Content-Length",
    400,
    post("Transfer-Encoding: chunked", "Content-Length: 5"),
  ],
  ["two lengths that differ", 400, post("Content-Length: 5", "Content-Length: 6")],
  ["two lengths that are equal", 400, post("Content-Length: 5", "Content-Length: 5")],
  ["a list of equal lengths", 400, post("Content-Length: 5, 5")],
  ["a length with a sign", 400, post("Content-Length: +5")],
  ["a negative length", 400, post("Content-Length: -5")],
  ["a hexadecimal length", 400, post("Content-Length: 0x5")],
  ["a length with a fraction", 400, post("Content-Length: 5.0")],
  ["a length with an exponent", 400, post("Content-Length: 5e0")],
  ["a length with a space", 400, post("Content-Length: 5 5")],
  ["a length with a vertical tab", 400, post("Content-Length: \x0b5")],
  ["an empty length", 400, post("Content-Length:")],
  ["a length that overflows 64 bits", 400, post("Content-Length: 18446744073709551621")],
  ["a length that no double can hold", 400, post("Content-Length: 9007199254740993")],
  ["a length in other digits", 400, post("Content-Length: \xb2")],
  ["a length in quotes", 400, post('Content-Length: "5"')],
  ["a length on a line of its own", 400, post("Content-Length:\r\n 5")],
];

const CODINGS: Table = [
  ["gzip, chunked", 501, post("Transfer-Encoding: gzip, chunked")],
  ["chunked, gzip", 400, post("Transfer-Encoding: chunked, gzip")],
  ["chunked, chunked", 400, post("Transfer-Encoding: chunked, chunked")],
  ["chunked chunked", 400, post("Transfer-Encoding: chunked chunked")],
  ["two fields", 400, post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
  [
    "two fields of which one is identity",
    501,
    post("Transfer-Encoding: identity", "Transfer-Encoding: chunked"),
  ],
  ["xchunked", 501, post("Transfer-Encoding: xchunked")],
  ["identity", 501, post("Transfer-Encoding: identity")],
  ["a vertical tab before it", 400, post("Transfer-Encoding: \x0bchunked")],
  ["a vertical tab after it", 400, post("Transfer-Encoding: chunked\x0b")],
  ["a form feed after it", 400, post("Transfer-Encoding: chunked\x0c")],
  ["a NUL after it", 400, post("Transfer-Encoding: chunked\0")],
  ["a parameter", 400, post("Transfer-Encoding: chunked;a=1")],
  ["quotes", 400, post('Transfer-Encoding: "chunked"')],
  ["an empty value", 400, post("Transfer-Encoding:")],
  ["an empty element", 400, post("Transfer-Encoding: ,chunked")],
  ["a space before the colon", 400, post("Transfer-Encoding : chunked")],
  ["a tab before the colon", 400, post("Transfer-Encoding\t: chunked")],
  ["a fold", 400, post("Transfer-Encoding:\r\n chunked")],
  ["a dotless letter", 501, post("Transfer-Encoding: chunke\xc4\x91".slice(0, -2) + "k")],
  [
    "HTTP/1.0",
    400,
    message(["POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
  ],
  [
    "Connection that names it",
    400,
    post("Connection: transfer-encoding", "Transfer-Encoding: chunked"),
  ],
  [
    "Connection that names Content-Length",
    400,
    post("Connection: close, Content-Length", "Content-Length: 3"),
  ],
  ["Connection that names Host", 400, post("Connection: host", "Content-Length: 3")],
];

const CHUNKS: Table = [
  ["a size of 17 digits that count", 400, chunked(`1${"0".repeat(16)}\r\nx\r\n0\r\n\r\n`)],
  ["a size that overflows 64 bits", 400, chunked("10000000000000001\r\nx\r\n0\r\n\r\n")],
  [
    "a size that no double can hold",
    400,
    chunked("20000000000001\r\nx\r\n0\r\n\r\n".replace("2", "4")),
  ],
  ["a size with 0x", 400, chunked("0x1\r\nx\r\n0\r\n\r\n")],
  ["a size with a sign", 400, chunked("+1\r\nx\r\n0\r\n\r\n")],
  ["a negative size", 400, chunked("-1\r\nx\r\n0\r\n\r\n")],
  ["a size with an underscore", 400, chunked("1_0\r\nx\r\n0\r\n\r\n")],
  ["a size that is no number", 400, chunked("g\r\nx\r\n0\r\n\r\n")],
  ["no size", 400, chunked("\r\nx\r\n0\r\n\r\n")],
  ["an extension without a size", 400, chunked(";a\r\nx\r\n0\r\n\r\n")],
  ["space before the size", 400, chunked(" 1\r\nx\r\n0\r\n\r\n")],
  ["junk behind the size", 400, chunked("1 2\r\nx\r\n0\r\n\r\n")],
  ["a bare LF behind the size", 400, chunked("1\nx\r\n0\r\n\r\n")],
  ["a bare CR behind the size", 400, chunked("1\rx\r\n0\r\n\r\n")],
  ["a bare LF in an extension", 400, chunked("1;a\nx\r\n0\r\n\r\n")],
  ["a bare CR in an extension", 400, chunked("1;a\rb\r\nx\r\n0\r\n\r\n")],
  ["a NUL in an extension", 400, chunked("1;a\0\r\nx\r\n0\r\n\r\n")],
  ["a chunk that is longer than its size", 400, chunked("1\r\nxy\r\n0\r\n\r\n")],
  ["a chunk that ends with LF", 400, chunked("1\r\nx\n0\r\n\r\n")],
  ["a chunk that ends with two others", 400, chunked("1\r\nxXX0\r\n\r\n")],
  ["a last chunk that ends with LF", 400, chunked("0\n\n")],
  ["a trailer that ends with LF", 400, chunked("0\r\nX: 1\n\r\n")],
  ["a trailer without a colon", 400, chunked("0\r\nX\r\n\r\n")],
  ["a trailer that is folded", 400, chunked("0\r\nX: 1\r\n y\r\n\r\n")],
  ["a trailer that frames", 400, chunked("0\r\nContent-Length: 9\r\n\r\n")],
  ["a trailer that routes", 400, chunked("0\r\nHost: b\r\n\r\n")],
  ["an extension of a megabyte", 400, chunked(`1;${"a".repeat(1 << 16)}\r\nx\r\n0\r\n\r\n`)],
];

const LINES: Table = [
  ["a bare LF at the end of the request line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"],
  ["a bare LF at the end of a field", 400, "GET / HTTP/1.1\r\nHost: a\n\r\n"],
  ["bare LFs all the way", 400, "GET / HTTP/1.1\nHost: a\n\n"],
  ["a bare LF that ends the head", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"],
  ["a bare CR in a value", 400, line("X: a\rb")],
  ["a bare CR before a field", 400, line("\rX: a")],
  ["two CRs before an LF", 400, line("X: a\r")],
  ["a NUL in a value", 400, line("X: a\0b")],
  ["a NUL in a name", 400, line("X\0: a")],
  ["a NUL in the request line", 400, start("GET /\0 HTTP/1.1")],
  ["a control character in a value", 400, line("X: a\x01b")],
  ["a DEL in a value", 400, line("X: a\x7fb")],
  ["a folded line", 400, line("X: a\r\n b")],
  ["a line that is folded by a tab", 400, line("X: a\r\n\tb")],
  ["a fold as the first field", 400, message(["GET / HTTP/1.1", " X: a", "Host: a"])],
  ["a space before the colon", 400, line("X : a")],
  ["a tab before the colon", 400, line("X\t: a")],
  ["a space in a name", 400, line("X Y: a")],
  ["an empty name", 400, line(": a")],
  ["no colon", 400, line("X")],
  ["brackets in a name", 400, line("X(y): a")],
  ["letters beyond ASCII in a name", 400, line("X\xe4: a")],
];

const STARTS: Table = [
  ["no method", 400, start(" / HTTP/1.1")],
  ["a method that is no token", 400, start("G@T / HTTP/1.1")],
  ["a method of 40 letters", 400, start(`${"A".repeat(40)} / HTTP/1.1`)],
  ["no version (HTTP/0.9)", 400, start("GET /")],
  ["no target", 400, start("GET  HTTP/1.1")],
  ["two spaces", 400, start("GET  / HTTP/1.1")],
  ["a tab between the parts", 400, start("GET\t/ HTTP/1.1")],
  ["a space in the target", 400, start("GET /a b HTTP/1.1")],
  ["a space at the end", 400, start("GET / HTTP/1.1 ")],
  ["a fragment or a letter beyond ASCII in the target", 400, start("GET /\xe4 HTTP/1.1")],
  ["a relative target", 400, start("GET a HTTP/1.1")],
  ["an asterisk with GET", 400, start("GET * HTTP/1.1")],
  ["another scheme", 400, start("GET ftp://a/ HTTP/1.1")],
  ["user information in the target", 400, start("GET http://u:p@a/ HTTP/1.1")],
  ["an absolute target without a host", 400, start("GET http:///x HTTP/1.1")],
  ["CONNECT", 501, start("CONNECT a:443 HTTP/1.1")],
  ["HTTP/2.0", 505, start("GET / HTTP/2.0")],
  ["HTTP/0.9 by name", 505, start("GET / HTTP/0.9")],
  ["a version of two digits", 400, start("GET / HTTP/1.10")],
  ["a version in small letters", 400, start("GET / http/1.1")],
  ["the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["TLS", 400, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n"],
];

const HOSTS: Table = [
  ["no Host", 400, message(["GET / HTTP/1.1"], SMUGGLED)],
  ["two Hosts", 400, message(["GET / HTTP/1.1", "Host: a", "Host: b"], SMUGGLED)],
  ["two equal Hosts", 400, message(["GET / HTTP/1.1", "Host: a", "Host: a"], SMUGGLED)],
  ["a list of Hosts", 400, message(["GET / HTTP/1.1", "Host: a, b"], SMUGGLED)],
  ["user information in Host", 400, message(["GET / HTTP/1.1", "Host: u@a"], SMUGGLED)],
  ["a path in Host", 400, message(["GET / HTTP/1.1", "Host: a/b"], SMUGGLED)],
  ["a port that is no number", 400, message(["GET / HTTP/1.1", "Host: a:b"], SMUGGLED)],
  ["a port above 65535", 400, message(["GET / HTTP/1.1", "Host: a:65536"], SMUGGLED)],
  ["an open bracket in Host", 400, message(["GET / HTTP/1.1", "Host: [::1"], SMUGGLED)],
  [
    "an absolute target and an empty Host",
    400,
    message(["GET http://a/ HTTP/1.1", "Host:"], SMUGGLED),
  ],
  [
    "an absolute target and a bad Host",
    400,
    message(["GET http://a/ HTTP/1.1", "Host: a b"], SMUGGLED),
  ],
  ["an absolute target and no Host", 400, message(["GET http://a/ HTTP/1.1"], SMUGGLED)],
  [
    "an absolute target and two Hosts",
    400,
    message(["GET http://a/ HTTP/1.1", "Host: a", "Host: a"]),
  ],
];

function assertRefused(response: RawMessage, status: number, name: string): void {
  assertEquals(statusOf(response), status, `${name}: ${response.line} ${response.body}`);
  assertEquals(field(response, "connection"), "close", name);
  assertEquals(field(response, "content-type"), "application/json", name);
  const { message, ...rest } = JSON.parse(response.body);
  assertEquals(rest, { status: "failure" }, name);
  assertEquals(/^<Error> ./.test(message), true, message);
}

async function refuses(balancer: RawBalancer, table: Table): Promise<void> {
  for (const [name, status, bytes] of table) {
    using client = await balancer.connect();
    await client.send(bytes);
    assertRefused(await client.response(), status, name);
    assertEquals(await client.rest(), { text: "", reset: false }, name);
  }
}

test("ambiguous framing is refused before any byte is forwarded", async (t) => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream]);
  const tables = { LENGTHS, CODINGS, CHUNKS, LINES, STARTS, HOSTS };
  const titles = {
    LENGTHS: "lengths that contradict each other or are no numbers",
    CODINGS: "transfer codings other than one final chunked",
    CHUNKS: "chunks whose framing is not exact",
    LINES: "lines, names and values that are not exact",
    STARTS: "request lines that are not exact",
    HOSTS: "requests that do not print for whom they are",
  };
  for (const [name, table] of Object.entries(tables)) {
    await t.step(titles[name as keyof typeof titles], () => refuses(balancer, table));
  }

  await t.step("nothing reached the upstream", async () => {
    assertEquals(upstream.requests, []);
    assertEquals(upstream.connections.length, 0);
    assertEquals(await balancer.failures(), {});
  });

  await t.step("requests that came before in the same bytes are answered first", async () => {
    using client = await balancer.connect();
    await client.send(`${get("/good")}${post("Content-Length: +1")}`);
    assertEquals((await client.response()).body, "ok");
    assertRefused(await client.response(), 400, "the second");
    assertEquals((await client.rest()).text, "");
    assertEquals(upstream.requests, ["GET /good HTTP/1.1"]);
  });

  await t.step("a client that goes on sending still reads why it was refused", async () => {
    using client = await balancer.connect();
    await client.send(`GET / HTTP/1.1\r\nBad Name: x\r\n\r\n${"x".repeat(200_000)}`);
    assertRefused(await client.response(), 400, "a long one");
    assertEquals(await client.rest(), { text: "", reset: false });
  });
});

test("junk in a later chunk ends the request: the upstream never sees its end", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  await client.send(chunked("3\r\nabc\r\n"));
  const server = await upstream.accept();
  await server.until("abc\r\n");
  await client.send(`3junk\r\nabc\r\n0\r\n\r\n${SMUGGLED}`);
  assertRefused(await client.response(), 400, "junk");
  assertEquals((await server.rest()).text, "");
  assertEquals((await balancer.balancer.status()).ready, 1);
});

test("an absolute target outranks Host (RFC 9112, 3.2.2)", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  await client.send("GET http://real.example:81/p?q HTTP/1.1\r\nHost: other.example\r\n\r\n");
  const server = await upstream.accept();
  const request = await server.request();
  await server.send(OK);
  assertEquals(request.line, "GET /p?q HTTP/1.1");
  assertEquals(field(request, "host"), "real.example:81");
  assertEquals(field(request, "x-forwarded-host"), "real.example:81");
  await client.response();
  await client.send("OPTIONS http://real.example HTTP/1.1\r\nHost: real.example\r\n\r\n");
  assertEquals((await server.request()).line, "OPTIONS * HTTP/1.1");
  await server.send(OK);
});

/** A replica that answers every GET, and breaks off when a POST comes. */
function breakingReplica(): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (connection: Deno.TcpConn) => {
    using _ = connection;
    const bytes = new Uint8Array(65536);
    for (;;) {
      const count = await connection.read(bytes);
      if (count === null || bytes[0] === "P".charCodeAt(0)) return;
      await connection.write(new TextEncoder().encode(OK));
    }
  };
  (async () => {
    for await (const connection of listener) serve(connection).catch(() => {});
  })().catch(() => {});
  return listener;
}

test("the rest of a body whose replica broke off is never parsed as a request", async () => {
  using listener = breakingReplica();
  await using balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `127.0.0.1:${listener.addr.port}`,
    LB_WORKERS: "1",
  });
  const port = Number(new URL(balancer.url).port);
  const body = "0123456789GET /_lb/healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n";
  const second: string[] = [];
  const client = async () => {
    for (let i = 0; i < 60; i++) {
      using raw = await RawConnection.to(port);
      await raw.send(`POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
      // The moment at which the replica breaks off is another one each time.
      await new Promise((resolve) => setTimeout(resolve, i % 4));
      try {
        await raw.send(body.slice(0, 10));
        if (i % 2) await new Promise((resolve) => setTimeout(resolve, 0));
        await raw.send(body.slice(10));
        await raw.response();
        await raw.send(get());
        second.push((await raw.response()).body);
      } catch {
        // The balancer closed the connection: nothing can be taken for a request on it.
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  assertEquals(second.filter((answer) => answer.includes("ready")), []);
});
