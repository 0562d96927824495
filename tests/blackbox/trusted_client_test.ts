import { assert, assertEquals } from "@std/assert";
import { balancerFor, get, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Says its name. */
function named(name: string): RawUpstream {
  return new RawUpstream(() => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);
}

test("behind a trusted proxy LB_KEY=client spreads its clients, each to one replica, and the log names them", async () => {
  const upstreams = ["a", "b", "c"].map(named);
  const balancer = await balancerFor(upstreams, {
    LB_KEY: "client",
    LB_TRUSTED_PROXIES: "127.0.0.0/8",
    LB_ACCESS_LOG: "full",
  });
  const seen = new Map<string, Set<string>>();
  {
    // All of them over one connection, as a proxy in front keeps it.
    using proxy = await balancer.connect();
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 60; at++) {
        const client = `192.0.2.${at}`;
        await proxy.send(get("/", `X-Forwarded-For: 10.1.1.1, ${client}`));
        const response = await proxy.response();
        assertEquals(statusOf(response), 200);
        seen.set(client, (seen.get(client) ?? new Set()).add(response.body));
      }
    }
    // A request without the field does not inherit the client of an earlier request.
    await proxy.send(get("/own"));
    await proxy.response();
  }
  const { output } = await balancer.balancer.end("SIGTERM");
  for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
  assert([...seen.values()].every((answers) => answers.size === 1));
  assertEquals(new Set([...seen.values()].flatMap((one) => [...one])).size, 3);
  assert(output.includes('"client.address":"192.0.2.59"'));
  const own = output.split("\n").find((line) => line.includes("/own"));
  assert(own?.includes('"client.address":"127.0.0.1"'), own);
});
