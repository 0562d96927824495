import { assert, assertEquals } from "@std/assert";
import * as frame from "../../balancer/proxy/http2/frame.ts";
import {
  data,
  frameOf,
  GET,
  headers,
  join,
  POST,
  resetOf,
  settings,
  windowUpdate,
} from "../../balancer/proxy/http2/testing.ts";
import { field, get, OK, RawConnection, RawUpstream, within } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { DataPlaneHarness, idOf, NONE } from "./harness/data_plane.ts";
import { fieldOf, Http2Client, request, statusOf } from "./harness/http2_client.ts";

const OPEN = frame.END_HEADERS;
const CLEARTEXT = { cleartext: true };
/** SETTINGS_INITIAL_WINDOW_SIZE. */
const WINDOW = 4;

type Answer = ConstructorParameters<typeof RawUpstream>[0];

/** A data plane with one server under all names. */
async function planeFor(upstream: RawUpstream, more = {}): Promise<DataPlaneHarness> {
  const bench = await DataPlaneHarness.open({ http2: CLEARTEXT, ...more });
  const server = { address: upstream.address };
  await bench.publish({
    ready: { Server1: server, Server2: server, Server3: server, Server4: server },
  });
  return bench;
}

/** Runs a test against one server, and requires that nothing failed in the balancer itself. */
async function serving(
  answer: Answer,
  run: (bench: DataPlaneHarness, upstream: RawUpstream) => Promise<void>,
  more = {},
): Promise<void> {
  await using upstream = new RawUpstream(answer);
  await using bench = await planeFor(upstream, more);
  await run(bench, upstream);
  assertEquals(bench.failures, []);
}

function chunksOf(...parts: string[]): string {
  return parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
}

test("a request of HTTP/2 reaches the replica as one of HTTP/1.1", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    const fields = [["cookie", "a=1"], ["x-a", "b"], ["cookie", "c=2"]] as const;
    await client.send(
      headers(1, request("POST", "/up?q=1", ...fields), OPEN),
      data(1, "hello "),
      data(1, "world"),
      headers(1, [["x-sum", "7"]]),
    );
    const server = await upstream.accept();
    const { line, fields: lines, body, raw } = await server.request();
    assertEquals(line, "POST /up?q=1 HTTP/1.1");
    const message = { line, fields: lines, raw, body };
    assertEquals(field(message, "host"), "a.example");
    assertEquals(field(message, "cookie"), "a=1; c=2");
    assertEquals(field(message, "via"), "2.0 ringkeeper");
    assertEquals(body, "hello world");
    assert(raw.endsWith("0\r\nx-sum: 7\r\n\r\n"), raw);
    await server.send(
      "HTTP/1.1 201 Created\r\nX-Up: Yes\r\nConnection: x-hop\r\nX-Hop: 1\r\n" +
        "Content-Length: 2\r\n\r\nok",
    );
    const answer = await client.answer(1);
    assertEquals([statusOf(answer), fieldOf(answer, "x-up"), answer.body], ["201", "Yes", "ok"]);
    assertEquals([fieldOf(answer, "connection"), fieldOf(answer, "x-hop")], [undefined, undefined]);
    assertEquals(fieldOf(answer, "via"), "1.1 ringkeeper");
  });
});

test("every form of a response has its form in HTTP/2", async () => {
  const responses: Record<string, string> = {
    "/length": OK,
    "/chunks": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${
      chunksOf("o", "k")
    }0\r\n\r\n`,
    "/trailers": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n" +
      `${chunksOf("ok")}0\r\nX-Sum: 1\r\n\r\n`,
    "/early": `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`,
    "/none": "HTTP/1.1 204 No Content\r\n\r\n",
    "/empty": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "/unchanged": "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
  };
  const answer: Answer = ({ line }, connection) => {
    const path = line.split(" ")[1]!;
    if (path === "/head") return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    if (path !== "/close") return responses[path] ?? OK;
    return connection.send("HTTP/1.0 200 OK\r\n\r\nok").then(() => undefined);
  };
  await serving(answer, async (bench) => {
    using client = await Http2Client.open(bench.port);
    const ask = async (id: number, path: string, method = "GET") => {
      await client.send(headers(id, request(method, path)));
      const { sections, body, ended } = await client.answer(id);
      assert(ended);
      return [sections.map(([first]) => first).join(), body];
    };
    assertEquals(await ask(1, "/length"), [":status: 200", "ok"]);
    assertEquals(await ask(3, "/chunks"), [":status: 200", "ok"]);
    assertEquals(await ask(5, "/trailers"), [":status: 200,x-sum: 1", "ok"]);
    assertEquals(await ask(7, "/early"), [":status: 103,:status: 200", "ok"]);
    assertEquals(await ask(9, "/none"), [":status: 204", ""]);
    assertEquals(await ask(11, "/empty"), [":status: 200", ""]);
    assertEquals(await ask(13, "/unchanged"), [":status: 304", ""]);
    assertEquals(await ask(15, "/head", "HEAD"), [":status: 200", ""]);
    assertEquals(await ask(17, "/close"), [":status: 200", "ok"]);
  });
});

test("a client may wait for 100 before it sends its body", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, request("PUT", "/", ["expect", "100-continue"]), OPEN));
    const server = await upstream.accept();
    await server.head();
    await server.send("HTTP/1.1 100 Continue\r\n\r\n");
    await client.until("100", () => statusOf(client.stream(1)) === "100");
    await client.send(data(1, "body", 1));
    assertEquals(await server.until("0\r\n\r\n"), `${chunksOf("body")}0\r\n\r\n`);
    await server.send(OK);
    assertEquals(statusOf(await client.answer(1)), "200");
  });
});

test("100 streams at once, and the one that does not read holds up no other", async () => {
  const large = "x".repeat(300_000);
  const answer: Answer = ({ line }) => {
    const body = line.includes("/slow") ? large : "ok";
    return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  await serving(answer, async (bench) => {
    using client = await Http2Client.open(bench.port, [WINDOW, 1000]);
    const ids = Array.from({ length: 100 }, (_, i) => 2 * i + 1);
    const path = (id: number) => id === 41 ? "/slow" : `/${id}`;
    await client.send(...ids.map((id) => headers(id, request("GET", path(id)))));
    for (const id of ids) if (id !== 41) assertEquals((await client.answer(id)).body, "ok");
    await client.until("its window", () => client.stream(41).body.length === 1000);
    await client.send(windowUpdate(0, 1_000_000), windowUpdate(41, 1_000_000));
    assertEquals((await client.answer(41)).body.length, large.length);
  });
});

/** Resolves once a number no longer changes although the balancer keeps reading. */
async function settled(client: Http2Client, value: () => number): Promise<number> {
  for (let same = 0, last = -1; same < 20;) {
    await client.seen();
    same = value() === last ? same + 1 : 0;
    last = value();
  }
  return value();
}

test("a client that does not read stops the replica", async () => {
  const piece = new Uint8Array(64 * 1024).fill(120);
  const total = 24 * 1024 * 1024;
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, GET));
    const server = await upstream.accept();
    await server.request();
    let sent = 0;
    const sending = (async () => {
      await server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      for (; sent < total; sent += piece.length) await server.send(piece);
    })();
    // Reported below, by the more precise error of the client.
    sending.catch(() => {});
    await client.until("a first part", () => client.stream(1).body.length === 65_535);
    assert(await settled(client, () => sent) < total);
    await client.send(windowUpdate(0, total), windowUpdate(1, total));
    await client.until("all of it", () => client.stream(1).ended);
    assertEquals(client.stream(1).body.length, total);
    await sending;
  });
});

test("a replica that does not read stops the client", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, POST, OPEN));
    const server = await upstream.accept();
    await client.seen();
    let sent = 0;
    const windows = new Map([[0, frame.INITIAL_WINDOW], [1, 262_144]]);
    let seen = 0;
    const piece = new Uint8Array(16_000);
    const maySend = () => Math.min(...windows.values()) >= piece.length;
    /** Sends as much as both windows allow. */
    const fill = async () => {
      for (const { type, stream, payload } of client.frames.slice(seen)) {
        if (type !== frame.WINDOW_UPDATE) continue;
        windows.set(stream, windows.get(stream)! + frame.read31(payload, 0));
      }
      seen = client.frames.length;
      for (; maySend(); sent += piece.length) {
        for (const [id, left] of windows) windows.set(id, left - piece.length);
        await client.send(data(1, piece));
      }
    };
    for (let same = 0, last = -1; same < 20;) {
      await fill();
      await client.seen();
      same = sent === last ? same + 1 : 0;
      last = sent;
    }
    assert(sent < 64 * 1024 * 1024, `${sent} bytes`);
    await client.send(data(1, "", 1));
    const { body } = await server.request();
    assertEquals(body.length, sent);
    await server.send(OK);
    assertEquals(statusOf(await client.answer(1)), "200");
  });
});

test("a stream whose window stays closed is reset at its deadline, and others go on", async () => {
  const answer: Answer = ({ line }) => line.includes("/large") ? `${large(10)}` : OK;
  const large = (n: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${n}\r\n\r\n${"x".repeat(n)}`;
  await serving(answer, async (bench) => {
    using client = await Http2Client.open(bench.port, [WINDOW, 2]);
    await client.send(headers(1, request("GET", "/large")));
    assertEquals((await client.answer(1)).reset, "INTERNAL_ERROR");
    await client.send(headers(3, GET));
    assertEquals((await client.answer(3)).body, "ok");
  }, { timeouts: { responseBody: 300 } });
});

test("a stream that the client resets ends its request, and no other", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, GET), headers(3, GET));
    const [first, second] = [await upstream.accept(), await upstream.accept()];
    await Promise.all([first.request(), second.request()]);
    await client.send(resetOf(1, 8));
    const ended = await Promise.race([
      first.rest().then(() => first),
      second.rest().then(() => second),
    ]);
    const other = ended === first ? second : first;
    await other.send(OK);
    assertEquals((await client.answer(3)).body, "ok");
  });
});

test("a request waits for its replica, unless its stream is reset", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using bench = await DataPlaneHarness.open({ http2: CLEARTEXT });
  await bench.publish({ ...NONE, awaited: ["Server1"] });
  using client = await Http2Client.open(bench.port);
  const held = (id: number) =>
    headers(id, request("GET", `/${id}`, ["x-request-id", idOf("Server1")]));
  await client.send(held(1), held(3), resetOf(1, 8));
  await client.seen();
  await bench.publish({ ready: { Server1: upstream } });
  assertEquals((await client.answer(3)).body, "ok");
  assertEquals(upstream.requests, ["GET /3 HTTP/1.1"]);
});

test("an event stream arrives event by event", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, GET));
    const server = await upstream.accept();
    await server.request();
    const head = "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    await server.send(`HTTP/1.1 200 OK\r\n${head}`);
    for (let i = 1; i <= 3; i++) {
      await server.send(chunksOf(`data: ${i}\n\n`));
      await client.until(`event ${i}`, () => client.stream(1).body.endsWith(`data: ${i}\n\n`));
    }
    await server.send("0\r\n\r\n");
    assert((await client.answer(1)).ended);
  });
});

test("a response that breaks off is reset, and does not look whole", async () => {
  const answer: Answer = async (_, connection) => {
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    return undefined;
  };
  await serving(answer, async (bench) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, POST));
    const { reset, body, ended } = await client.answer(1);
    assertEquals([reset, body, ended], ["INTERNAL_ERROR", "half", false]);
  });
});

test("an answer before the end of the body says that the rest is not needed", async () => {
  await serving(() => OK, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, request("POST", "/", ["content-length", "5000"]), OPEN));
    const answer = await client.answer(1);
    await client.until("the reset", () => answer.reset !== undefined);
    assertEquals([statusOf(answer), answer.ended, answer.reset], ["413", true, "NO_ERROR"]);
    await client.send(data(1, "late"), headers(3, GET));
    assertEquals((await client.answer(3)).body, "ok");
    assertEquals(upstream.requests.length, 1);
  }, { limits: { bodyBytes: 1000 } });
});

test("a drain announces the end, serves what came before it was seen, and closes", async () => {
  await using upstream = new RawUpstream();
  await using bench = await planeFor(upstream);
  using client = await Http2Client.open(bench.port);
  await client.send(headers(1, GET));
  const server = await upstream.accept();
  await server.request();
  const over = bench.end({ requestsMs: 10_000, streamsMs: 10_000 });
  await client.until("the first GOAWAY", () => client.goAways.length === 1);
  assertEquals(client.goAways[0], ["NO_ERROR", 2 ** 31 - 1]);
  const ping = client.frames.findLast(({ type, flags }) => type === frame.PING && flags === 0)!;
  await client.send(headers(3, GET), frameOf(frame.PING, frame.ACK, 0, ping.payload));
  await client.until("the second GOAWAY", () => client.goAways.length === 2);
  assertEquals(client.goAways[1], ["NO_ERROR", 3]);
  await client.send(headers(5, GET));
  const second = await upstream.accept();
  await second.request();
  await Promise.all([server.send(OK), second.send(OK)]);
  assertEquals([(await client.answer(1)).body, (await client.answer(3)).body], ["ok", "ok"]);
  await client.until("the end of the connection", () => client.closed);
  client[Symbol.dispose]();
  await within("the end of the drain", over);
});

test("silence has its deadlines: a preface, a block, an acknowledgement, the next request", async () => {
  const timeouts = { head: 300, keepAlive: 300 };
  await serving(() => OK, async (bench) => {
    const outcome = async (...frames: Uint8Array[]) => {
      using client = await Http2Client.to(bench.port);
      await client.send(...frames);
      await client.until("the end", () => client.closed);
      return client.goAways.map(([code]) => code).join();
    };
    const start = join(frame.PREFACE, settings());
    const acknowledged = join(start, frameOf(frame.SETTINGS, frame.ACK, 0));
    assertEquals(
      await Promise.all([
        outcome(frame.PREFACE.subarray(0, 7)),
        outcome(frame.PREFACE.subarray(0, 20)),
        outcome(acknowledged, frameOf(frame.HEADERS, 0, 1, [0x82])),
        outcome(start),
        outcome(acknowledged, headers(1, GET)),
      ]),
      ["", "", "", "SETTINGS_TIMEOUT", "NO_ERROR,NO_ERROR"],
    );
  }, { timeouts });
});

test("rapid resets end their connection; other clients are served", async () => {
  await serving(() => OK, async (bench) => {
    using client = await Http2Client.open(bench.port);
    const flood = Array.from(
      { length: 1000 },
      (_, i) => join(headers(2 * i + 1, GET), resetOf(2 * i + 1, 8)),
    );
    await client.send(...flood);
    await client.until("GOAWAY", () => client.goAways.length > 0);
    assertEquals(client.goAways[0]![0], "ENHANCE_YOUR_CALM");
    using other = await Http2Client.open(bench.port);
    await other.send(headers(1, GET));
    assertEquals(statusOf(await other.answer(1)), "200");
  });
});

test("a client that ends its side is still answered", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, GET), headers(3, POST, OPEN));
    await client.end();
    const connections = [await upstream.accept(), await upstream.accept()];
    for (const connection of connections) {
      const { line } = await connection.head();
      if (line.startsWith("GET")) await connection.send(OK);
    }
    assertEquals((await client.answer(1)).body, "ok");
    await client.until("the end", () => client.closed);
    assertEquals(client.stream(3).ended, false);
  });
});

test("HTTP/1.1 is served on the same port, in pieces, too; without the setting, it alone", async () => {
  await serving(() => OK, async (bench) => {
    assertEquals((await bench.ask(get())).body, "ok");
    using slow = await RawConnection.to(bench.port);
    await slow.sendPieces(["P", "R", "OPFIND / HTTP/1.1\r\nHost: a\r\n", "\r\n"]);
    assertEquals((await slow.response()).body, "ok");
  });
  await serving(() => OK, async (bench) => {
    using client = await RawConnection.to(bench.port);
    await client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assertEquals((await client.response()).line.split(" ")[1], "505");
  }, { http2: { cleartext: false } });
});

test("many small pieces of a body take no more memory than their bytes", async () => {
  await serving(undefined, async (bench, upstream) => {
    using client = await Http2Client.open(bench.port);
    await client.send(headers(1, POST, OPEN));
    await client.send(...Array.from({ length: 5000 }, () => data(1, "x")), data(1, "", 1));
    const { body } = await (await upstream.accept()).request();
    assertEquals(body, "x".repeat(5000));
  });
});
