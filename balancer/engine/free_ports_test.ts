import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { FreePorts } from "./free_ports.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const HOST = "127.0.0.1";

test("free ports: a port is allocated once until it is given back", () => {
  const ports = new FreePorts(HOST);
  const taken = Array.from({ length: 50 }, () => ports.take());
  assertEquals(new Set(taken).size, taken.length);
});

test("free ports: all ports lie below the range of outgoing connections", () => {
  const ports = new FreePorts(HOST);
  for (let i = 0; i < 50; i++) {
    const port = ports.take();
    assert(port >= 18_000 && port < 30_000, String(port));
  }
});

test("free ports: a port in use is skipped", () => {
  const ports = new FreePorts(HOST);
  const first = ports.take();
  using _ = Deno.listen({ hostname: HOST, port: first + 1 });
  assertNotEquals(ports.take(), first + 1);
});
