import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { systemTest as test } from "../test/needs.ts";
import { UnreachableError } from "./api_errors.ts";
import { Caller } from "./caller.ts";

function serve(answer: () => Response) {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
}

test("caller: a stream that is silent for too long means that the balancer is unreachable", async () => {
  await using server = serve(() => {
    const body = ReadableStream.from(["data: 1\n\n"]).pipeThrough(new TextEncoderStream());
    const silent = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async start(controller) {
        for await (const chunk of body) controller.enqueue(chunk);
      },
    });
    return new Response(silent, { headers: { "content-type": "text/event-stream" } });
  });
  const caller = new Caller({ url: `http://127.0.0.1:${server.addr.port}` });
  const events = caller.watch<number>("/events", {}, 200);
  assertEquals((await events.next()).value, 1);
  const error = await assertRejects(() => events.next(), UnreachableError);
  assertMatch(error.message, /cannot be reached at .* \(no answer for 0\.2 s\); ringkeeper up/);
});

test("caller: a refused or foreign stream is an error without events", async () => {
  await using refusing = serve(() =>
    Response.json({ message: "<Error> too many streams" }, { status: 503 })
  );
  const stream = (port: number) =>
    new Caller({ url: `http://127.0.0.1:${port}` }).watch("/events", {}, 1000).next();
  const error = await assertRejects(() => stream(refusing.addr.port), Error);
  assertEquals(error.message, "the balancer refused (503): too many streams");
  await using other = serve(() => new Response("<html>", { status: 404 }));
  await assertRejects(() => stream(other.addr.port), UnreachableError, "is no balancer");
});
