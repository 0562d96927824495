import { assert, assertEquals } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { balancerFor, field, OK, RawUpstream, statusOf } from "../harness/raw.ts";

/** Replicas are on loopback here, and calls from there need a token. */
const TOKEN = "Authorization: Bearer r3ad";

/** A call by an address, so that no other site's page can have made it. */
function get(path: string, ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", TOKEN, ...fields, "", ""].join("\r\n");
}

/** The text of a body that was compressed. */
async function inflated(body: string): Promise<string> {
  const bytes = Uint8Array.from(body, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

test("answers of the API are compressed for clients that accept gzip, and for no other", async () => {
  await using server = new RawUpstream(() => OK);
  const balancer = await balancerFor([server], { LB_PUBLIC_API: "all", LB_ADMIN_TOKEN: "r3ad" });
  try {
    for (const path of ["/_lb/metrics", "/_lb/openapi.json"]) {
      const plain = await balancer.ask(get(path));
      const zipped = await balancer.ask(get(path, "Accept-Encoding: br, gzip;q=0.5"));
      assertEquals([statusOf(plain), statusOf(zipped)], [200, 200], path);
      assertEquals([plain, zipped].map((one) => field(one, "vary")), [
        "Accept-Encoding",
        "Accept-Encoding",
      ]);
      assertEquals([plain, zipped].map((one) => field(one, "content-encoding")), [
        undefined,
        "gzip",
      ]);
      assert(zipped.body.length < plain.body.length / 2, path);
      assertEquals(field(zipped, "content-length"), String(zipped.body.length));
      const text = await inflated(zipped.body);
      // Metrics and ages differ from one call to the next.
      assertEquals(text.slice(0, 40), plain.body.slice(0, 40), path);
    }
    for (const refused of ["gzip;q=0", "identity", "br"]) {
      for (const path of ["/_lb/openapi.json", "/_lb/"]) {
        const answer = await balancer.ask(get(path, `Accept-Encoding: ${refused}`));
        assertEquals(field(answer, "content-encoding"), undefined, `${path}: ${refused}`);
      }
    }
  } finally {
    await balancer.balancer.end("SIGTERM");
  }
});

test("short answers, errors and streams of events are not compressed, pages once", async () => {
  await using server = new RawUpstream(() => OK);
  const balancer = await balancerFor([server], { LB_PUBLIC_API: "all", LB_ADMIN_TOKEN: "r3ad" });
  const gzip = "Accept-Encoding: gzip";
  try {
    for (const path of ["/rep", "/_lb/healthz", "/_lb/none"]) {
      assertEquals(
        field(await balancer.ask(get(path, gzip)), "content-encoding"),
        undefined,
        path,
      );
    }
    const page = await balancer.ask(get("/_lb/", gzip));
    assertEquals(field(page, "content-encoding"), "gzip");
    assert((await inflated(page.body)).toLowerCase().startsWith("<!doctype html>"));
    const head = await balancer.ask(
      `HEAD /_lb/openapi.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${TOKEN}\r\n${gzip}\r\n\r\n`,
    );
    assertEquals([statusOf(head), field(head, "content-length")], [200, undefined]);
    const events = await fetch(`${balancer.balancer.url}/_lb/events`, {
      headers: { authorization: "Bearer r3ad", "accept-encoding": "gzip", "last-event-id": "0" },
    });
    assertEquals(events.headers.get("vary"), null);
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    // The first events come at once: nothing waits for a block to fill.
    assert((await reader.read()).value?.includes("data: "));
    await reader.cancel();
  } finally {
    await balancer.balancer.end("SIGTERM");
  }
});
