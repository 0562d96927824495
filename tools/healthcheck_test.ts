import { assertEquals } from "@std/assert";
import { ROOT } from "./project.ts";
import { systemTest as test } from "./test/needs.ts";

/** Exit code and output of the check against a balancer with the given handler. */
async function check(answer: string, ...args: string[]): Promise<[code: number, output: string]> {
  const handler = ({ url }: Request) => {
    if (new URL(url).pathname === "/_lb/readyz") return new Response(null, { status: 503 });
    return new Response(answer, { status: answer === "" ? 503 : 200 });
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net",
      "--allow-env",
      `${ROOT.pathname}tools/healthcheck.ts`,
      ...args,
    ],
    env: { LB_ADMIN_LISTEN: `127.0.0.1:${server.addr.port}` },
  });
  const { code, stdout } = await command.output();
  return [code, new TextDecoder().decode(stdout)];
}

const health = (engineAwayMs: number) =>
  JSON.stringify({ status: "ok", ready: 3, desired: 3, engineAwayMs });

test("health check: an answering balancer is healthy, with the Engine unreachable for a moment", async () => {
  assertEquals(await check(health(0)), [0, ""]);
  assertEquals(await check(health(60_000)), [0, ""]);
});

test("health check: an Engine unreachable for a minute makes the balancer unhealthy", async () => {
  assertEquals(await check(health(75_400)), [1, "the Engine has not answered for 75 s\n"]);
});

test("health check: any answer but 200 is unhealthy", async () => {
  assertEquals(await check(""), [1, "HTTP/1.1 503 Service Unavailable\n"]);
});

test("health check: with --ready the readiness counts", async () => {
  assertEquals(await check(health(0), "--ready"), [1, "HTTP/1.1 503 Service Unavailable\n"]);
});
