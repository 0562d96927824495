import { assertEquals } from "@std/assert";
import { balancerFor, field, get, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

/** Response heads of a replica, and the lines that the client gets. Every body is "ok". */
const PASSED: Record<string, { readonly sent: string; readonly got: readonly string[] }> = {
  "parameters of an option of Connection": {
    sent: `${HEAD}Connection: keep-alive; timeout=5\r\nContent-Length: 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length: 2"],
  },
  "options of Connection that are no tokens": {
    sent: `${HEAD}Connection: "a, b", c d\r\nContent-Length: 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length: 2"],
  },
  "Connection that names Content-Length": {
    sent: `${HEAD}Connection: Content-Length\r\nContent-Length: 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length: 2"],
  },
  "Connection that names Transfer-Encoding": {
    sent: `${HEAD}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n` +
      "2\r\nok\r\n0\r\n\r\n",
    got: ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"],
  },
  "two equal lengths": {
    sent: `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length: 2"],
  },
  "a list of equal lengths": {
    sent: `${HEAD}Content-Length: 2, 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length: 2"],
  },
  "empty elements about a coding": {
    sent: `${HEAD}Transfer-Encoding: chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    got: ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"],
  },
  "a status of 600": {
    sent: "HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nok",
    got: ["HTTP/1.1 600 Odd", "Content-Length: 2"],
  },
  "a status of 999": {
    sent: "HTTP/1.1 999 Request denied\r\nContent-Length: 2\r\n\r\nok",
    got: ["HTTP/1.1 999 Request denied", "Content-Length: 2"],
  },
  "HTTP/1.2": {
    sent: "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
    got: ["HTTP/1.1 200 OK", "Content-Length: 2"],
  },
  "a control character in the reason": {
    sent: "HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok",
    got: ["HTTP/1.1 200 O K", "Content-Length: 2"],
  },
  "a control character in a value": {
    sent: `${HEAD}X-A: a\x01b\r\nContent-Length: 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "X-A: a b", "Content-Length: 2"],
  },
  "a fold": {
    sent: `${HEAD}X-A: a\r\n\tb\r\n c\r\nContent-Length: 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "X-A: a  \tb   c", "Content-Length: 2"],
  },
  "a length behind a fold": {
    sent: `${HEAD}Content-Length:\r\n 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length:   2"],
  },
  "a space before the colon": {
    sent: `${HEAD}Content-Length : 2\r\n\r\nok`,
    got: ["HTTP/1.1 200 OK", "Content-Length:  2"],
  },
};

test("an inexact but unambiguous response is corrected and forwarded", async (t) => {
  let response = "";
  await using upstream = new RawUpstream(() => response);
  await using balancer = await balancerFor([upstream], { LB_VIA: "false" });
  using client = await balancer.connect();
  for (const [name, { sent, got }] of Object.entries(PASSED)) {
    await t.step(name, async () => {
      response = sent;
      await client.send(get());
      const { line, fields, body } = await client.response();
      const own = /^(?:Date|X-Request-Id): /;
      assertEquals([line, ...fields.filter((field) => !own.test(field))], got);
      assertEquals(body, "ok");
    });
  }

  await t.step("all on one connection to the replica", async () => {
    assertEquals(upstream.connections.length, 1);
    assertEquals(await balancer.failures(), {});
  });
});

/** Chunks as a replica sends them, and as the client gets them. */
const CHUNKS: Record<string, readonly [sent: string, got: string]> = {
  "spaces behind a size": ["2  \r\nok\r\n0 \t\r\n\r\n", "2\r\nok\r\n0\r\n\r\n"],
  "spaces before an extension": ["2 ;a=b\r\nok\r\n0\r\n\r\n", "2;a=b\r\nok\r\n0\r\n\r\n"],
  "zeros before a size": [
    `${"0".repeat(40)}2\r\nok\r\n${"0".repeat(40)}\r\n\r\n`,
    "02\r\nok\r\n0\r\n\r\n",
  ],
  "trailer fields of our own": [
    "2\r\nok\r\n0\r\nX-Request-Id: 7\r\nVia: 1.1 b\r\nX-Sum: 5\r\nX_Request.Id: 8\r\n\r\n",
    "2\r\nok\r\n0\r\nX-Sum: 5\r\n\r\n",
  ],
  "trailer fields that must not be there": [
    "2\r\nok\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n",
    "2\r\nok\r\n0\r\n\r\n",
  ],
};

test("chunks that are not exact and leave no doubt cross in a clean version", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  for (const whole of [true, false]) {
    for (const [name, [sent, got]] of Object.entries(CHUNKS)) {
      await t.step(`${name}, ${whole ? "in one piece" : "byte for byte"}`, async () => {
        using client = await balancer.connect();
        await client.send(get("/", "Connection: close"));
        using server = await upstream.accept();
        await server.request();
        const bytes = `${HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${sent}`;
        await server.sendPieces(whole ? [bytes] : bytes);
        const { raw, body } = await client.response();
        assertEquals([raw, body], [got, "ok"]);
        assertEquals(await client.rest(), { text: "", reset: false });
      });
    }
  }
});

test("a client of HTTP/1.0 gets the data of such chunks alone", async () => {
  await using upstream = new RawUpstream(() =>
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n0002 \r\nok\r\n0\r\nVia: 1.1 b\r\n\r\n`
  );
  await using balancer = await balancerFor([upstream]);
  assertEquals((await balancer.ask("GET / HTTP/1.0\r\n\r\n")).body, "ok");
});

test("a status without a class counts as one of a server error", async () => {
  await using upstream = new RawUpstream(() => "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n");
  await using balancer = await balancerFor([upstream]);
  assertEquals(statusOf(await balancer.ask(get())), 999);
  const body = await (await balancer.balancer.fetch("/_lb/metrics")).text();
  const counted = /^\w*requests_total\{[^}]*method="GET",status="5xx"\} 1$/m;
  assertEquals(counted.test(body), true, body.match(/^\w*requests_total.*$/gm)?.join("\n"));
});

test("426 keeps the protocol that it asks for", async () => {
  await using upstream = new RawUpstream(() =>
    "HTTP/1.1 426 Upgrade Required\r\nUpgrade: echo/1\r\nConnection: Upgrade\r\n" +
    "Content-Length: 0\r\n\r\n"
  );
  await using balancer = await balancerFor([upstream]);
  const kept = await balancer.ask(get());
  assertEquals([field(kept, "upgrade"), field(kept, "connection")], ["echo/1", "upgrade"]);
  const closed = await balancer.ask(get("/", "Connection: close"));
  assertEquals([field(closed, "upgrade"), field(closed, "connection")], [
    "echo/1",
    "close, upgrade",
  ]);
});
