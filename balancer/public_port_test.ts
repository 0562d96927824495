import { assertEquals, assertThrows } from "@std/assert";
import type { FailureLog } from "./failures.ts";
import { originOf, PublicPort } from "./public_port.ts";
import { systemTest as test } from "../tools/test/needs.ts";

const LOOPBACK = "127.0.0.1";

const NO_FAILURES: FailureLog = {
  record(action, error) {
    throw new Error(`${action} failed`, { cause: error });
  },
};

const open = (port: number) => new PublicPort({ hostname: LOOPBACK, port }, NO_FAILURES);

test("a free port is held from the start, for listeners that share it", async () => {
  const port = open(0);
  const { hostname, port: number } = port.address;
  assertThrows(() => Deno.listen({ hostname, port: number }), Deno.errors.AddrInUse);
  const worker = Deno.listen({ hostname, port: number, reusePort: true });
  await port.release();
  worker.close();
});

test("a given port is held from the start until it is released", async () => {
  const number = freePort();
  const port = open(number);
  assertThrows(() => Deno.listen({ hostname: LOOPBACK, port: number }), Deno.errors.AddrInUse);
  const worker = Deno.listen({ hostname: LOOPBACK, port: number, reusePort: true });
  await port.release();
  assertThrows(() => open(number), Deno.errors.AddrInUse);
  worker.close();
  await open(number).release();
});

test("of many balancers that start at once on one port, one gets it", async () => {
  const number = freePort();
  const held = Array.from({ length: 20 }, () => {
    try {
      return open(number);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return undefined;
      throw error;
    }
  });
  assertEquals(held.filter((port) => port !== undefined).length, 1);
  for (const port of held) await port?.release();
});

test("a client that connects before the workers listen gets 503 and Retry-After", async () => {
  const port = open(0);
  const response = await fetch(originOf(port.address));
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertEquals(await response.json(), {
    message: "<Error> the balancer starts; try again in a second",
    status: "failure",
  });
  // A client that leaves without a request is no failure.
  Deno.connect({ hostname: LOOPBACK, port: port.address.port }).then((client) => client.close());
  await (await fetch(originOf(port.address))).body?.cancel();
  await port.release();
});

Deno.test("a wildcard address is reached on loopback", () => {
  assertEquals(originOf({ hostname: "0.0.0.0", port: 1 }), "http://127.0.0.1:1");
  assertEquals(originOf({ hostname: "::", port: 1 }), "http://[::1]:1");
  assertEquals(originOf({ hostname: "10.0.0.1", port: 1 }), "http://10.0.0.1:1");
});

function freePort(): number {
  const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
