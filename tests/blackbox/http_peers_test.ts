import { assert, assertEquals } from "@std/assert";
import { RawBalancer } from "../harness/raw.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

/** A server that others have written, and its answers. */
function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/echo") return new Response(await request.text());
    if (pathname === "/stream") return new Response(request.body);
    return new Response("hello from somebody else's server");
  });
}

async function installed(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
    .output();
  return success;
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** Runs a test against the balancer in front of a kept server. */
async function withBalancer(test: (url: string, balancer: RawBalancer) => Promise<void>) {
  const server = serve();
  {
    await using balancer = await RawBalancer.for([`127.0.0.1:${server.addr.port}`], {
      LB_WORKERS: "2",
    });
    await test(`http://127.0.0.1:${balancer.port}`, balancer);
    assertEquals(await balancer.failures(), {});
  }
  await server.shutdown();
}

const CURL = PERMITTED && !await installed("curl");
const WRK = PERMITTED && !await installed("wrk");
const H2LOAD = PERMITTED && !await installed("h2load");

test({ name: "curl is served", ignore: CURL }, async () => {
  await withBalancer(async (url) => {
    const code = ["-s", "-S", "-o", "/dev/null", "-w", "%{http_code} %{num_connects} "];
    const again = ["-o", "/dev/null", url];
    assertEquals(await run("curl", ...code, url, ...again, ...again), "200 1 200 0 200 0 ");
    assertEquals(await run("curl", ...code, "--http1.0", url), "200 1 ");
    assertEquals(await run("curl", ...code, "-I", url), "200 1 ");
    const expect = ["-H", "Expect: 100-continue", "--data-binary", "hello"];
    assertEquals(await run("curl", "-s", ...expect, `${url}/echo`), "hello");
    const chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", "in chunks"];
    assertEquals(await run("curl", "-s", ...chunked, `${url}/stream`), "in chunks");
    assertEquals(await run("curl", "-s", "-T", "deno.json", `${url}/stream`), await text());
    // Offers HTTP/2 by an upgrade, which no upstream accepts.
    assertEquals(await run("curl", ...code, "--http2", url), "200 1 ");
  });
});

function text(): Promise<string> {
  return Deno.readTextFile("deno.json");
}

test({ name: "wrk gets answers to all of its requests", ignore: WRK }, async () => {
  await withBalancer(async (url) => {
    const report = await run("wrk", "-t1", "-c32", "-d1s", url);
    assert(/\d+ requests in/.test(report), report);
    assert(!/Non-2xx|Socket errors/.test(report), report);
  });
});

test({ name: "h2load gets 200 for all of its requests", ignore: H2LOAD }, async () => {
  await withBalancer(async (url) => {
    const report = await run("h2load", "--h1", "-n3000", "-c30", "-m4", `${url}/`);
    assert(report.includes("3000 succeeded, 0 failed, 0 errored, 0 timeout"), report);
    assert(report.includes("status codes: 3000 2xx, 0 3xx, 0 4xx, 0 5xx"), report);
  });
});

test("the runtime's own client is served, several requests at once", async () => {
  await withBalancer(async (url) => {
    const answers = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const body = `${i} `.repeat(i * 50);
      const response = await fetch(`${url}/echo`, { method: "POST", body });
      return await response.text() === body;
    }));
    assertEquals(answers.every((same) => same), true);
  });
});
