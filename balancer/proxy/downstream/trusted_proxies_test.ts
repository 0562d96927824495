import { assertEquals } from "@std/assert";
import { TrustedProxies } from "./trusted_proxies.ts";

Deno.test("an address is trusted when one of the networks holds it", () => {
  const trusted = new TrustedProxies(["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
  const table: [string, boolean][] = [
    ["10.1.2.3", true],
    ["11.1.2.3", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["2001:db8::1", true],
    ["2001:db9::1", false],
    ["::ffff:10.1.2.3", true],
    ["::ffff:11.1.2.3", false],
    ["::1", false],
    ["", false],
    ["name.example", false],
  ];
  for (const [address, expected] of table) {
    assertEquals(trusted.has(address), expected, address);
  }
});

Deno.test("no address is trusted without a network, every address with the whole range", () => {
  assertEquals(new TrustedProxies([]).has("127.0.0.1"), false);
  assertEquals(new TrustedProxies(["0.0.0.0/0"]).has("203.0.113.9"), true);
  assertEquals(new TrustedProxies(["0.0.0.0/0"]).has("2001:db8::1"), false);
});
