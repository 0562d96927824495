import { assert, assertEquals } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** Runs a test with a balancer in front of one server that the test provides. */
async function through(
  handler: Handler,
  test: (balancer: Balancer) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: `127.0.0.1:${server.addr.port}`,
      LB_HEALTH_PATH: "",
      LB_DRAIN_MS: "1000",
      ...env,
    });
    await test(balancer);
  }
  await server.shutdown();
}

test("every method and path reaches the replica as it was sent", async () => {
  const echo: Handler = ({ method, url }) => {
    const target = url.slice(url.indexOf("/", "http://".length));
    return new Response(null, { headers: { "x-echo": `${method} ${target}` } });
  };
  await through(echo, async (balancer) => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await balancer.fetch("/a//b/%zz?x=1&x=%20&y", { method });
      assertEquals(response.headers.get("x-echo"), `${method} /a//b/%zz?x=1&x=%20&y`);
      await response.body?.cancel();
    }
    const rep = await balancer.fetch("/rep", { method: "POST" });
    assertEquals(rep.headers.get("x-echo"), "POST /rep");
    await rep.body?.cancel();
  });
});

test("a large body goes up and comes back unchanged without being held as a whole", async () => {
  await through((request) => new Response(request.body), async (balancer) => {
    const size = 32 * 1024 * 1024;
    const response = await balancer.fetch("/", { method: "POST", body: pattern(size) });
    let at = 0;
    for await (const chunk of response.body ?? []) {
      for (let i = 0; i < chunk.length; i += 997) assertEquals(chunk[i], (at + i) % 251);
      at += chunk.length;
    }
    assertEquals(at, size);
  });
});

/** Bytes that tell where they belong. */
function pattern(size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === size) return controller.close();
      const chunk = new Uint8Array(Math.min(65_536, size - at));
      for (let i = 0; i < chunk.length; i++) chunk[i] = (at + i) % 251;
      at += chunk.length;
      controller.enqueue(chunk);
    },
  });
}

test("events arrive one by one, as they are sent", async () => {
  const events = new TransformStream<Uint8Array, Uint8Array>();
  const sender = events.writable.getWriter();
  const stream: Handler = () =>
    new Response(events.readable, { headers: { "content-type": "text/event-stream" } });
  await through(stream, async (balancer) => {
    const response = await balancer.fetch("/events");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      await sender.write(new TextEncoder().encode(event));
      assertEquals((await reader?.read())?.value, event);
    }
    await sender.close();
    assertEquals((await reader?.read())?.done, true);
  });
});

test("the setting LB_KEY selects the key of a request", async () => {
  const answers = ["one", "two", "three"].map((text) =>
    Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(text),
    )
  );
  {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      // Names decide the slots: with addresses for names each run would have another ring.
      LB_UPSTREAMS: answers.map(({ addr }, at) => `S${at}=127.0.0.1:${addr.port}`).join(),
      LB_HEALTH_PATH: "",
      LB_KEY: "header:X-User",
    });
    const ask = async (user: string, id: number) => {
      const headers = { "x-user": user, "x-request-id": String(id) };
      return await (await balancer.fetch("/", { headers })).text();
    };
    const perUser = new Map<string, Set<string>>();
    for (let id = 0; id < 60; id++) {
      const user = `user-${id % 12}`;
      perUser.set(user, (perUser.get(user) ?? new Set()).add(await ask(user, id)));
    }
    assertEquals([...perUser.values()].map((seen) => seen.size), Array(12).fill(1));
    assertEquals(new Set([...perUser.values()].flatMap((seen) => [...seen])).size, 3);
  }
  for (const server of answers) await server.shutdown();
});

test("garbage is answered with 400 or cut off, and the balancer goes on", async () => {
  await through(() => new Response("fine"), async (balancer) => {
    const port = Number(new URL(balancer.url).port);
    const garbage = [
      "\x00\x01\x02\x03\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      `GET / HTTP/1.1\r\n${"x".repeat(100_000)}\r\n\r\n`,
      "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ];
    for (const bytes of garbage) {
      const answer = await exchange(port, bytes);
      assert(/^(HTTP\/1\.1 (200|4\d\d|5\d\d) |$)/.test(answer), `${bytes.slice(0, 40)}: ${answer}`);
    }
    assertEquals(await (await balancer.fetch("/")).text(), "fine");
  });
});

/** Sends bytes, closes its half, and reads the response. */
async function exchange(port: number, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const decoder = new TextDecoder();
  let answer = "";
  try {
    await connection.write(new TextEncoder().encode(bytes));
    await connection.closeWrite();
    const buffer = new Uint8Array(4096);
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      answer += decoder.decode(buffer.subarray(0, n));
    }
  } catch (error) {
    // Being cut off while still sending is an answer too.
    if (
      !(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)
    ) {
      throw error;
    }
  }
  return answer;
}
