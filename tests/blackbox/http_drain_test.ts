import { assert, assertEquals } from "@std/assert";
import { balancerFor, field, get, OK, RawConnection, RawUpstream } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const POST = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345";

/** Resolves when a port has no listener any more. */
async function refuses(port: number): Promise<void> {
  const deadline = performance.now() + 5000;
  while (performance.now() < deadline) {
    try {
      (await RawConnection.to(port)).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
      // It waited to be accepted when the listener was closed.
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
  }
  throw new Error("still accepted");
}

test("a balancer that gets SIGTERM finishes running requests, and accepts no other", async () => {
  await using upstream = new RawUpstream();
  await using raw = await balancerFor([upstream], { LB_DRAIN_MS: "20000" });
  const { balancer, port } = raw;
  using idle = await raw.connect();
  await idle.send(get());
  const pooled = await upstream.accept();
  await pooled.request();
  await pooled.send(OK);
  await idle.response();
  using silent = await raw.connect();
  await raw.seen();

  using waiting = await raw.connect();
  await waiting.send(get("/waiting"));
  const answering = pooled;
  await answering.request();
  using streaming = await raw.connect();
  await streaming.send(get("/streaming"));
  const streamer = await upstream.accept();
  await streamer.request();
  await streamer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  await streaming.until("a\r\n");
  using uploading = await raw.connect();
  await uploading.send(POST);
  const taking = await upstream.accept();
  await taking.until("12345");

  const ended = balancer.end("SIGTERM");
  assertEquals(await idle.rest(), { text: "", reset: false });
  assertEquals(await silent.rest(), { text: "", reset: false });
  await refuses(port);

  await answering.send(OK);
  const answer = await waiting.response();
  assertEquals([answer.body, field(answer, "connection")], ["ok", "close"]);
  assertEquals((await waiting.rest()).text, "");

  await streamer.send("1\r\nb\r\n0\r\n\r\n");
  assertEquals((await streaming.rest()).text, "1\r\nb\r\n0\r\n\r\n");

  await uploading.send("67890");
  assertEquals(await taking.exactly(5), "67890");
  await taking.send(OK);
  const uploaded = await uploading.response();
  assertEquals([uploaded.body, field(uploaded, "connection")], ["ok", "close"]);

  const { code, output } = await ended;
  assertEquals(code, 0, output);
});

test("requests that do not finish in time are cut off", async () => {
  await using upstream = new RawUpstream();
  await using raw = await balancerFor([upstream], { LB_DRAIN_MS: "500" });
  using client = await raw.connect();
  await client.send(get());
  const server = await upstream.accept();
  await server.request();
  using half = await raw.connect();
  await half.send(get().slice(0, -2));
  await raw.seen();
  const start = performance.now();
  const ended = raw.balancer.end("SIGTERM");
  assertEquals((await client.rest()).text, "");
  await half.rest();
  assertEquals((await server.rest()).text, "");
  const took = performance.now() - start;
  assert(took >= 450 && took < 15_000, `${took} ms`);
  assertEquals((await ended).code, 0);
});

test("a request that was half sent at the balancer's SIGTERM is still answered", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using raw = await balancerFor([upstream], { LB_DRAIN_MS: "20000" });
  using client = await raw.connect();
  await client.send(get().slice(0, -2));
  await raw.seen();
  const ended = raw.balancer.end("SIGTERM");
  await refuses(raw.port);
  await client.send("\r\n");
  const response = await client.response();
  assertEquals([response.body, field(response, "connection")], ["ok", "close"]);
  assertEquals((await ended).code, 0);
});
