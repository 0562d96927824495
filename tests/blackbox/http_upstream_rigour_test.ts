import { assertEquals, assertMatch } from "@std/assert";
import {
  balancerFor,
  get,
  OK,
  type RawConnection,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

/** Behind each of them comes a response that a careless parser would find. */
const MALFORMED: Record<string, string> = {
  "no status line": "hello\r\n\r\n",
  "another protocol": "ICY 200 OK\r\n\r\n",
  "HTTP/2": "HTTP/2 200 OK\r\n\r\n",
  "a status of two digits": "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
  "a status of four digits": "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
  "a status below 100": "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
  "a NUL in the reason": "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
  "a bare LF": "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
  "a bare CR": `${HEAD}X: a\rb\r\nContent-Length: 0\r\n\r\n`,
  "a NUL": `${HEAD}X: a\0b\r\nContent-Length: 0\r\n\r\n`,
  "a fold before the first field": `${HEAD} X: a\r\nContent-Length: 0\r\n\r\n`,
  "a fold of a line without a colon": `${HEAD}X\r\n : a\r\nContent-Length: 0\r\n\r\n`,
  "a space in a name": `${HEAD}Content Length: 0\r\n\r\n`,
  "an empty name": `${HEAD}: x\r\nContent-Length: 0\r\n\r\n`,
  "no colon": `${HEAD}X\r\nContent-Length: 0\r\n\r\n`,
  "lengths that differ": `${HEAD}Content-Length: 0\r\nContent-Length: 1\r\n\r\n`,
  "a length with a sign": `${HEAD}Content-Length: +0\r\n\r\n`,
  "a list of lengths that differ": `${HEAD}Content-Length: 0, 1\r\n\r\n`,
  "a length with a control character": `${HEAD}Content-Length: \x0b0\r\n\r\n`,
  "a coding with a control character": `${HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  "a length and a coding":
    `${HEAD}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "another coding": `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "a coding behind chunked": `${HEAD}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  "two codings": `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a coding in HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "too many fields": `${HEAD}${"X: 1\r\n".repeat(101)}Content-Length: 0\r\n\r\n`,
  "a head that is too long": `${HEAD}X: ${"x".repeat(40_000)}\r\nContent-Length: 0\r\n\r\n`,
  "an unrequested 101":
    `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`,
  "a malformed interim response": `HTTP/1.1 1x3 Hints\r\n\r\n${OK}`,
};

const HEALTHY = { LB_HEALTH_PATH: "/heartbeat", LB_HEARTBEAT_MS: "60000" };

test("a malformed response is a 502 and its connection is not used again", async (t) => {
  let response = "";
  await using upstream = new RawUpstream(() => response + OK.replace("ok", "no"));
  await using balancer = await balancerFor([upstream], HEALTHY);
  using client = await balancer.connect();
  for (const [name, bytes] of Object.entries(MALFORMED)) {
    await t.step(name, async () => {
      response = bytes;
      const before = upstream.connections.length;
      await client.send(get());
      const answer = await client.response();
      assertEquals(statusOf(answer), 502, `${answer.line} ${answer.body}`);
      assertEquals(JSON.parse(answer.body).status, "failure");
      assertEquals(
        upstream.connections.length,
        before + 1,
        "not repeated, and on a new connection",
      );
      assertEquals((await upstream.connections.at(-1)?.rest())?.text ?? "", "");
    });
  }

  await t.step("it is no reason to lose the client's connection", async () => {
    response = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";
    await client.send(get());
    assertEquals((await client.response()).body, "fine");
    assertEquals(await balancer.failures(), {});
  });
});

test("a malformed status line is a 502 before the replica sends more", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], HEALTHY);
  using client = await balancer.connect();
  for (const start of ["h", "ICY 200 OK\r\nX", "HTTP/2", "HTTP/1.1 2000", "HTTP/1.1 200 O\x01"]) {
    await t.step(JSON.stringify(start), async () => {
      await client.send(get());
      const server = await upstream.accept();
      await server.request();
      await server.send(start);
      assertEquals(statusOf(await client.response()), 502);
      await server.rest();
    });
  }
});

test("a replica that closes in the middle of its head is a 502 that says so", async (t) => {
  await using upstream = new RawUpstream(async (_, connection) => {
    await connection.send(HEAD);
    return undefined;
  });
  await using balancer = await balancerFor([upstream], { LB_HOLD_MS: "500" });
  // The second one of a kind finds a replica that counts as down.
  for (const method of ["POST", "GET", "GET", "POST"]) {
    await t.step(method, async () => {
      const response = await balancer.ask(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      assertEquals(statusOf(response), 502, response.body);
      assertMatch(response.body, /closed its connection before the head/);
    });
  }
});

test("a chunked response that turns out malformed is left without an end", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], HEALTHY);
  for (
    const junk of ["xyz\r\n", "1 1\r\na\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", "0\r\nX\r\n\r\n"]
  ) {
    await t.step(JSON.stringify(junk), async () => {
      using client = await balancer.connect();
      await client.send(get());
      const server = await upstream.accept();
      await server.request();
      await server.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
      await client.until("abc\r\n");
      await server.send(junk + OK);
      assertEquals((await client.rest()).text.includes("0\r\n\r\n"), false);
      assertEquals((await server.rest()).text, "");
    });
  }
});

test("bytes behind a complete response never reach another request", async (t) => {
  const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const answers: Record<string, string> = {
    "/length": OK + evil,
    "/chunked": `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${evil}`,
    "/204": `HTTP/1.1 204 No Content\r\n\r\n${evil}`,
    "/304": `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n${evil}`,
    "/204-body": "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil",
    "/one": `${OK}\n`,
  };
  await using upstream = new RawUpstream(({ line }) => answers[line.split(" ")[1]!] ?? OK);
  await using balancer = await balancerFor([upstream], HEALTHY);
  for (const path of Object.keys(answers)) {
    await t.step(path, async () => {
      using client = await balancer.connect();
      const before = upstream.connections.length;
      // The second one waits already: it is sent as soon as the first is answered.
      await client.send(get(path) + get("/next"));
      assertEquals(statusOf(await client.response()) < 400, true);
      assertEquals((await client.response()).body, "ok");
      assertEquals(upstream.connections.length, before + (before === 0 ? 2 : 1));
    });
  }

  await t.step("to HEAD, even when it looks like the body", async () => {
    using client = await balancer.connect();
    const before = upstream.connections.length;
    await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.response("HEAD");
    await client.send(get("/next"));
    assertEquals((await client.response()).body, "ok");
    assertEquals(upstream.connections.length, before + 1);
  });
});

test("bytes behind a response that fills a read to its last byte are noticed", async (t) => {
  const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const head = (length: number) => `${HEAD}Content-Length: ${length}\r\n\r\n`;
  await using upstream = new RawUpstream(({ line }) => {
    const size = Number(line.split(" ")[1]?.slice(1));
    if (!size) return OK;
    const length = size - head(1000).length;
    return `${head(length)}${"x".repeat(length)}${evil}`;
  });
  await using balancer = await balancerFor([upstream], HEALTHY);
  for (const size of [2048, 4096]) {
    await t.step(`${size} bytes`, async () => {
      using client = await balancer.connect();
      await client.send(get(`/${size}`) + get("/next"));
      assertEquals(statusOf(await client.response()), 200);
      assertEquals((await client.response()).body, "ok");
    });
  }
});

test("bytes on an idle connection take it out of the pool", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  const answer = async (server: RawConnection): Promise<RawMessage> => {
    await server.request();
    await server.send(OK);
    return await client.response();
  };
  await client.send(get());
  const first = await upstream.accept();
  assertEquals((await answer(first)).body, "ok");
  await first.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  assertEquals((await first.rest()).text, "");
  await client.send(get());
  assertEquals((await answer(await upstream.accept())).body, "ok");
});
