import { assertEquals } from "@std/assert";
import { plainPort, securePort } from "./client_port.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a port's responses name the proxy, and over TLS the policy of HSTS", () => {
  const hsts = "max-age=1; includeSubDomains";
  assertEquals(text(plainPort(80, true).fields), "Via: 1.1 ringkeeper\r\n");
  assertEquals(text(plainPort(80, false).fields), "");
  const secure = securePort(443, true, hsts);
  const line = `Strict-Transport-Security: ${hsts}`;
  assertEquals(text(secure.fields), `Via: 1.1 ringkeeper\r\n${line}\r\n`);
  assertEquals([secure.ownFields, text(secure.proto), text(secure.digits)], [
    [line],
    "https",
    "443",
  ]);
  assertEquals(text(securePort(443, false, "").fields), "");
});
