import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  balancerFor,
  get,
  OK,
  type RawBalancer,
  RawUpstream,
  statusOf,
  within,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n";

/** When the replica switches: before it has read the body, in the middle of it, or behind it. */
type Moment = "before" | "during" | "after";

interface Case {
  /** How the request's body is framed, and its bytes on the wire. */
  readonly framing: string;
  readonly raw: string;
  readonly tunnel: string;
  /** The writes of the client: where the bytes are cut. */
  readonly cuts: readonly number[];
  readonly moment: Moment;
}

function bytesOfCase({ framing, raw, tunnel }: Case): string {
  return `POST /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${framing}\r\n\r\n` +
    raw + tunnel;
}

function chunked(...chunks: string[]): string {
  const sized = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `${sized.join("")}0\r\n\r\n`;
}

function lettersOf(count: number): string {
  return Array.from({ length: count }, (_, i) => String.fromCharCode(33 + i % 90)).join("");
}

/** Plays a case, and compares the bytes that both ends received behind the heads. */
async function assertCrosses(balancer: RawBalancer, upstream: RawUpstream, one: Case) {
  using client = await balancer.connect();
  const answer = lettersOf(100);
  const all = bytesOfCase(one);
  const cuts = [...one.cuts.map((cut) => Math.min(cut, all.length)), all.length];
  const sending = (async () => {
    let at = 0;
    for (const cut of cuts.toSorted((a, b) => a - b)) {
      await client.send(all.slice(at, cut));
      if (one.cuts.length > 0) await balancer.seen();
      at = cut;
    }
    await client.end();
  })();
  using server = await upstream.accept();
  await server.head();
  let received = "";
  if (one.moment === "during") received += await server.exactly(one.raw.length >> 1);
  if (one.moment === "after") received += await server.exactly(one.raw.length);
  await server.send(SWITCH + answer);
  received += (await server.rest()).text;
  await within("the client's bytes", sending);
  assertEquals(received === one.raw + one.tunnel, true, differenceOf(received, one));
  assertEquals(statusOf(await client.response()), 101);
  assertEquals(await client.exactly(answer.length), answer);
  await server.end();
  assertEquals((await client.rest()).text, "");
}

function differenceOf(received: string, { raw, tunnel }: Case): string {
  const sent = raw + tunnel;
  let at = 0;
  while (at < sent.length && sent[at] === received[at]) at++;
  return `${received.length} of ${sent.length} bytes arrived; they differ from byte ${at}: ` +
    received.slice(at, at + 60);
}

const LARGE = lettersOf(300_000);

const CASES: Record<string, Omit<Case, "moment">> = {
  "a body with a length that comes late": {
    framing: "Content-Length: 5",
    raw: "12345",
    tunnel: "tunnel-data-0123456789",
    cuts: [110, 115],
  },
  "a body in chunks that comes late": {
    framing: "Transfer-Encoding: chunked",
    raw: chunked("12345", "678"),
    tunnel: "tunnel-data-0123456789",
    cuts: [115, 120, 133],
  },
  "a body that comes partly with the head": {
    framing: "Content-Length: 5",
    raw: "12345",
    tunnel: "tunnel-data-0123456789",
    cuts: [95],
  },
  "head, body and tunnel in one write": {
    framing: "Content-Length: 5",
    raw: "12345",
    tunnel: "tunnel-data-0123456789",
    cuts: [],
  },
  "300,000 bytes": {
    framing: `Content-Length: ${LARGE.length}`,
    raw: LARGE,
    tunnel: "tunnel-data".repeat(4),
    cuts: [],
  },
  "300,000 bytes in chunks and as much through the tunnel": {
    framing: "Transfer-Encoding: chunked",
    raw: chunked(LARGE.slice(0, 100_000), LARGE.slice(100_000)),
    tunnel: LARGE,
    cuts: [],
  },
};

test("the message of a request that switches protocols ends, then the tunnel begins", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  for (const [what, one] of Object.entries(CASES)) {
    for (const moment of ["before", "during", "after"] as const) {
      await t.step(`${what}, the switch ${moment} the body`, async () => {
        await assertCrosses(balancer, upstream, { ...one, moment });
      });
    }
  }

  await t.step("none of it is a failure of the balancer", async () => {
    assertEquals(await balancer.failures(), {});
  });
});

test("every byte is forwarded once and in order, for every split of the bytes", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const text = fc.nat({ max: 60 }).map(lettersOf);
  const body = fc.oneof(
    text.map((raw) => ({ framing: `Content-Length: ${raw.length}`, raw })),
    fc.array(text.filter((one) => one !== ""), { maxLength: 4 }).map((chunks) => ({
      framing: "Transfer-Encoding: chunked",
      raw: chunked(...chunks),
    })),
  );
  await fc.assert(
    fc.asyncProperty(
      body,
      text,
      fc.array(fc.integer({ min: 80, max: 240 }), { maxLength: 5 }),
      fc.constantFrom<Moment>("before", "during", "after"),
      (framed, tunnel, cuts, moment) =>
        assertCrosses(balancer, upstream, { ...framed, tunnel, cuts, moment }),
    ),
    { seed: 7, numRuns: 80 },
  );
});

test("a tunnel whose request never ends is closed", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_BODY_TIMEOUT_MS: "300" });
  const half = bytesOfCase({
    framing: "Content-Length: 5",
    raw: "12",
    tunnel: "",
    cuts: [],
    moment: "before",
  });

  await t.step("when its client says nothing for too long", async () => {
    using client = await balancer.connect();
    await client.send(half);
    using server = await upstream.accept();
    await server.head();
    await server.send(SWITCH);
    assertEquals(statusOf(await client.response()), 101);
    assertEquals((await server.rest()).text, "12");
    assertEquals((await client.rest()).text, "");
  });

  await t.step("when its client ends its side in the middle", async () => {
    using client = await balancer.connect();
    await client.send(half);
    using server = await upstream.accept();
    await server.head();
    await server.send(SWITCH);
    assertEquals(statusOf(await client.response()), 101);
    await client.end();
    assertEquals((await server.rest()).text, "12");
    assertEquals((await client.rest()).text, "");
  });
});

test("an offer with a body that is refused is a request like any other", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  const offer = bytesOfCase({
    framing: "Content-Length: 5",
    raw: "",
    tunnel: "",
    cuts: [],
    moment: "after",
  });
  await client.send(offer);
  using server = await upstream.accept();
  await server.head();
  await client.send("12345" + get("/next"));
  assertEquals(await server.exactly(5), "12345");
  await server.send(OK);
  assertEquals((await client.response()).body, "ok");
  assertEquals((await server.request()).line, "GET /next HTTP/1.1");
  await server.send(OK);
  assertEquals((await client.response()).body, "ok");
});
