import { assertEquals, assertThrows } from "@std/assert";
import { originOf, PublicPort } from "./public_port.ts";

const LOOPBACK = "127.0.0.1";

Deno.test("a port that the system has chosen stays chosen until the workers share it", () => {
  const port = new PublicPort({ hostname: LOOPBACK, port: 0 });
  assertThrows(() => Deno.listen(port.address), Deno.errors.AddrInUse);
  const worker = Deno.listen({ ...port.address, reusePort: true });
  port.release();
  worker.close();
});

Deno.test("a port that was given is free for the workers, however they listen", () => {
  using other = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const { port } = other.addr;
  assertThrows(() => new PublicPort({ hostname: LOOPBACK, port }), Deno.errors.AddrInUse);
  other.close();
  const free = new PublicPort({ hostname: LOOPBACK, port });
  Deno.listen(free.address).close();
  free.release();
});

Deno.test("what listens everywhere is reached on loopback", () => {
  assertEquals(originOf({ hostname: "0.0.0.0", port: 80 }), "http://127.0.0.1:80");
  assertEquals(originOf({ hostname: "::", port: 80 }), "http://[::1]:80");
  assertEquals(originOf({ hostname: "fd00::1", port: 80 }), "http://[fd00::1]:80");
  assertEquals(originOf({ hostname: "lb.example", port: 80 }), "http://lb.example:80");
});
