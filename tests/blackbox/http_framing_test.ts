import { assertEquals } from "@std/assert";
import {
  balancerFor,
  field,
  get,
  OK,
  type RawConnection,
  type RawMessage,
  RawUpstream,
  ResettingUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

function post(framing: string, body: string, ...fields: string[]): string {
  return ["POST /p HTTP/1.1", "Host: a.example", framing, ...fields, "", body].join("\r\n");
}

/** The client's response when the upstream sends these bytes and ends the connection. */
function endingWith(bytes: string) {
  return async (_request: RawMessage, connection: RawConnection) => {
    await connection.send(bytes);
    return undefined;
  };
}

/** Answers with the bytes that the path names. */
function byPath(answers: Record<string, string | ReturnType<typeof endingWith>>) {
  return (request: RawMessage, connection: RawConnection) => {
    const answer = answers[request.line.split(" ")[1] ?? ""] ?? OK;
    return typeof answer === "string" ? answer : answer(request, connection);
  };
}

test("a request's body is forwarded with its framing", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  let server: RawConnection | undefined;

  const cross = async (framing: string, body: string, ...fields: string[]) => {
    await client.send(post(framing, body, ...fields));
    server ??= await upstream.accept();
    const request = await server.request();
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
    return request;
  };

  await t.step("with Content-Length", async () => {
    const request = await cross("Content-Length: 5", "hello");
    assertEquals([request.raw, field(request, "content-length")], ["hello", "5"]);
  });

  await t.step("with Content-Length: 0", async () => {
    assertEquals(field(await cross("Content-Length: 0", ""), "content-length"), "0");
  });

  await t.step("in chunks, with extensions and trailers byte for byte", async () => {
    const body =
      '5;a=1 ;b="x;y"\r\nhello\r\n0A\r\n0123456789\r\n0;last\r\nX-Sum:  1 \r\nx-b:\r\n\r\n';
    const request = await cross("Transfer-Encoding: chunked", body, "Trailer: X-Sum");
    assertEquals(request.raw, body);
    assertEquals(request.body, "hello0123456789");
    assertEquals(field(request, "transfer-encoding"), "chunked");
    assertEquals(field(request, "trailer"), "X-Sum");
  });

  await t.step("in chunks whose sizes begin with many zeros", async () => {
    const body = `${"0".repeat(40)}5\r\nhello\r\n${"0".repeat(30)}\r\n\r\n`;
    assertEquals((await cross("Transfer-Encoding: chunked", body)).body, "hello");
  });

  await t.step("Transfer-Encoding is known in any case of letters", async () => {
    assertEquals((await cross("transfer-ENCODING: Chunked", "1\r\nx\r\n0\r\n\r\n")).body, "x");
  });

  await t.step("on one connection all the way", () => {
    assertEquals(upstream.connections.length, 1);
  });
});

test("a response's body is forwarded with its framing", async (t) => {
  const chunks = '3;x="1"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 9\r\n\r\n';
  await using upstream = new RawUpstream(byPath({
    "/length": "HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nbody",
    "/empty": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "/chunked": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${chunks}`,
    "/204": "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
    "/304": 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "e"\r\n\r\n',
    "/304c": "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    "/head": "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n",
    "/headc": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "/noreason": "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
    "/nospace": "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
  }));
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  const ask = async (path: string, method = "GET") => {
    await client.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return await client.response(method);
  };

  await t.step("with Content-Length", async () => {
    const response = await ask("/length");
    assertEquals([response.line, response.body], ["HTTP/1.1 200 Fine", "body"]);
    assertEquals(field(response, "connection"), undefined);
    assertEquals((await ask("/empty")).body, "");
  });

  await t.step("in chunks, with extensions and trailers byte for byte", async () => {
    const response = await ask("/chunked");
    assertEquals([response.raw, field(response, "trailer")], [chunks, "X-Sum"]);
  });

  await t.step("responses to HEAD, 204 and 304 have no body, for any fields", async () => {
    assertEquals(field(await ask("/head", "HEAD"), "content-length"), "12345");
    assertEquals(field(await ask("/headc", "HEAD"), "transfer-encoding"), "chunked");
    assertEquals(field(await ask("/304"), "content-length"), "7");
    assertEquals(statusOf(await ask("/304c")), 304);
    // RFC 9110, 8.6: a 204 has no Content-Length.
    assertEquals(field(await ask("/204"), "content-length"), undefined);
  });

  await t.step("a status line may lack its reason", async () => {
    assertEquals((await ask("/noreason")).line, "HTTP/1.1 200 ");
    assertEquals((await ask("/nospace")).line, "HTTP/1.1 200 ");
  });

  await t.step("on one connection all the way", () => {
    assertEquals(upstream.connections.length, 1);
  });
});

test("a response that ends with its connection gets a visible end", async (t) => {
  await using upstream = new RawUpstream(byPath({
    "/": endingWith("HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nsome bytes"),
    "/none": endingWith("HTTP/1.1 200 OK\r\n\r\n"),
    "/old": endingWith("HTTP/1.0 200 OK\r\n\r\nold bytes"),
  }));
  await using balancer = await balancerFor([upstream]);

  await t.step("HTTP/1.1 gets it in chunks, and the connection stays", async () => {
    using client = await balancer.connect();
    for (const [path, body] of [["/", "some bytes"], ["/none", ""], ["/old", "old bytes"]]) {
      await client.send(get(path));
      const response = await client.response();
      assertEquals(response.line, "HTTP/1.1 200 OK");
      assertEquals(field(response, "transfer-encoding"), "chunked");
      assertEquals(response.body, body);
    }
  });

  await t.step("HTTP/1.0 gets it bare, to the end of the connection", async () => {
    using client = await balancer.connect();
    await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const response = await client.response();
    assertEquals(field(response, "transfer-encoding"), undefined);
    assertEquals(field(response, "connection"), "close");
    assertEquals(response.body, "some bytes");
  });
});

test("a response that ends with a reset is left without an end", async () => {
  await using upstream = await ResettingUpstream.listen("HTTP/1.1 200 OK\r\n\r\nsome bytes");
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  await client.send(get());
  const { text } = await client.rest();
  assertEquals(text.includes("0\r\n\r\n"), false, text);
});

test("HTTP/1.0 clients are answered in their own terms", async (t) => {
  await using upstream = new RawUpstream(byPath({
    "/chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "3;x\r\nabc\r\n4\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n",
    "/head": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "/hints": `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`,
  }));
  await using balancer = await balancerFor([upstream]);

  await t.step("without keep-alive the connection ends", async () => {
    using client = await balancer.connect();
    await client.send("GET / HTTP/1.0\r\n\r\n");
    const response = await client.response();
    assertEquals([response.body, field(response, "connection")], ["ok", "close"]);
    assertEquals(await client.rest(), { text: "", reset: false });
  });

  await t.step("with keep-alive it stays", async () => {
    using client = await balancer.connect();
    for (let i = 0; i < 3; i++) {
      await client.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
      const response = await client.response();
      assertEquals([response.body, field(response, "connection")], ["ok", "keep-alive"]);
    }
  });

  await t.step("a chunked response loses its chunks", async () => {
    using client = await balancer.connect();
    await client.send("GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const response = await client.response();
    assertEquals([response.body, field(response, "connection")], ["abcdefg", "close"]);
    assertEquals(field(response, "transfer-encoding"), undefined);
  });

  await t.step("Transfer-Encoding is not named to HEAD either (RFC 9112, 6.1)", async () => {
    const response = await balancer.ask("HEAD /head HTTP/1.0\r\n\r\n", "HEAD");
    assertEquals(field(response, "transfer-encoding"), undefined);
  });

  await t.step("interim responses are not for them", async () => {
    assertEquals((await balancer.ask("GET /hints HTTP/1.0\r\n\r\n")).line, "HTTP/1.1 200 OK");
  });

  await t.step("their requests go up as HTTP/1.1 with a Host", async () => {
    await balancer.ask("POST /up HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi");
    assertEquals(upstream.requests.at(-1), "POST /up HTTP/1.1");
  });
});

test("HTTP/1.0 upstreams are understood", async (t) => {
  await using upstream = new RawUpstream(byPath({
    "/close": endingWith("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "/keep": "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
  }));
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  const ask = async (path: string) => {
    await client.send(get(path));
    const response = await client.response();
    assertEquals([response.line, response.body], ["HTTP/1.1 200 OK", "ok"]);
    assertEquals(field(response, "connection"), undefined);
  };

  await t.step("with keep-alive their connection is used again", async () => {
    await ask("/keep");
    await ask("/keep");
    assertEquals(upstream.connections.length, 1);
  });

  await t.step("without it, it is not", async () => {
    await ask("/close");
    await ask("/close");
    assertEquals(upstream.connections.length, 2);
  });
});

test("a client that expects 100 is answered by the upstream", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const expecting = post("Content-Length: 4", "", "Expect: 100-continue");

  await t.step("its body goes up after the upstream's 100", async () => {
    using client = await balancer.connect();
    await client.send(expecting);
    using server = await upstream.accept();
    assertEquals(field(await server.headOnly(), "expect"), "100-continue");
    assertEquals(server.unread, "");
    await server.send("HTTP/1.1 100 Continue\r\n\r\n");
    assertEquals((await client.response()).line, "HTTP/1.1 100 Continue");
    await client.send("body");
    assertEquals(await server.exactly(4), "body");
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
    await client.send(get("/again"));
    assertEquals((await server.request()).line, "GET /again HTTP/1.1");
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
  });

  for (const answer of ["417 Expectation Failed", "200 OK"]) {
    await t.step(`a final ${answer} without 100 ends the connection`, async () => {
      using client = await balancer.connect();
      await client.send(expecting);
      using server = await upstream.accept();
      await server.headOnly();
      await server.send(`HTTP/1.1 ${answer}\r\nContent-Length: 2\r\n\r\nok`);
      const response = await client.response();
      assertEquals(response.line, `HTTP/1.1 ${answer}`);
      assertEquals(field(response, "connection"), "close");
      assertEquals((await client.rest()).text, "");
      assertEquals((await server.rest()).text, "");
    });
  }

  await t.step("any other expectation is refused", async () => {
    const response = await balancer.ask(post("Content-Length: 1", "", "Expect: 200-ok"));
    assertEquals(statusOf(response), 417);
  });
});

test("interim responses are passed on as they come", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  await client.send(get());
  const server = await upstream.accept();
  await server.request();
  for (const link of ["</a.css>", "</b.css>"]) {
    await server.send(`HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\n\r\n`);
    const hints = await client.response();
    assertEquals([hints.line, field(hints, "link")], ["HTTP/1.1 103 Early Hints", link]);
  }
  await server.send(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${OK}`);
  assertEquals(statusOf(await client.response()), 102);
  assertEquals(statusOf(await client.response()), 103);
  assertEquals((await client.response()).body, "ok");
});

test("requests are the same for every split of their bytes", async (t) => {
  await using upstream = new RawUpstream((request) => {
    const body = `${request.line.split(" ")[1]} ${request.body}`;
    return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  await using balancer = await balancerFor([upstream]);
  const first = post("Content-Length: 3", "abc").replace("/p", "/1");
  const second = post("Transfer-Encoding: chunked", "1;x\r\nd\r\n2\r\nef\r\n0\r\nX: y\r\n\r\n")
    .replace("/p", "/2");

  const answered = async (send: (client: RawConnection) => Promise<void>, n: number) => {
    using client = await balancer.connect();
    const bodies: string[] = [];
    const sent = send(client);
    for (let i = 0; i < n; i++) bodies.push((await client.response()).body);
    await sent;
    return bodies;
  };

  await t.step("several in one write are answered in order", async () => {
    const many = Array.from({ length: 100 }, (_, i) => get(`/${i}`));
    const expected = many.map((_, i) => `/${i} `);
    assertEquals(await answered((client) => client.send(many.join("")), 100), expected);
  });

  await t.step("bodies between them do not blur", async () => {
    const all = [first, second, get("/3"), first, second];
    assertEquals(await answered((client) => client.send(all.join("")), 5), [
      "/1 abc",
      "/2 def",
      "/3 ",
      "/1 abc",
      "/2 def",
    ]);
  });

  await t.step("one byte a write", async () => {
    const all = `${first}${second}${get("/3")}`;
    assertEquals(await answered((client) => client.sendPieces(all), 3), [
      "/1 abc",
      "/2 def",
      "/3 ",
    ]);
  });

  await t.step("cut in two at every byte", async () => {
    const all = `${first}${second}`;
    using client = await balancer.connect();
    for (let at = 1; at < all.length; at++) {
      await client.send(all.slice(0, at));
      await balancer.seen();
      await client.send(all.slice(at));
      assertEquals((await client.response()).body, "/1 abc", `cut at ${at}`);
      assertEquals((await client.response()).body, "/2 def", `cut at ${at}`);
    }
  });

  await t.step("empty lines before a request are skipped (RFC 9112, 2.2)", async () => {
    const all = `\r\n\r\n${first}`;
    assertEquals(await answered((client) => client.send(all), 1), ["/1 abc"]);
    for (let at = 1; at < 6; at++) {
      const cut = async (client: RawConnection) => {
        await client.send(all.slice(0, at));
        await balancer.seen();
        await client.send(all.slice(at));
      };
      assertEquals(await answered(cut, 1), ["/1 abc"], `cut at ${at}`);
    }
  });
});

test("a response is the same for every split of its bytes", async () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "3;x\r\nabc\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\n";
  const hinted = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${chunked}`;
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  let server: RawConnection | undefined;
  for (let at = 1; at < hinted.length; at++) {
    await client.send(get());
    server ??= await upstream.accept();
    await server.request();
    await server.sendPieces([hinted.slice(0, at), hinted.slice(at)]);
    assertEquals(statusOf(await client.response()), 103, `cut at ${at}`);
    assertEquals((await client.response()).body, "abcd", `cut at ${at}`);
  }
  await client.send(get());
  await server?.request();
  await server?.sendPieces(hinted);
  assertEquals(statusOf(await client.response()), 103);
  assertEquals((await client.response()).raw, chunked.split("\r\n\r\n").slice(1).join("\r\n\r\n"));
  assertEquals(upstream.connections.length, 1);
});
