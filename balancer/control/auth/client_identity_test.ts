import { assertEquals } from "@std/assert";
import { TrustedProxies } from "../../proxy/downstream/trusted_proxies.ts";
import { clientAddress, ownCaller, publicCaller } from "./client_identity.ts";

const NOBODY = new TrustedProxies([]);
const PROXIES = new TrustedProxies(["10.0.0.0/8", "fd00::/8"]);

const handedOver = (forwarded: string, trusted: TrustedProxies) =>
  publicCaller(forwarded, "0.0.0.0", trusted).address;

Deno.test("without trusted proxies the client is the peer, whatever the field says", () => {
  assertEquals(clientAddress("192.0.2.1", "127.0.0.1", NOBODY), "192.0.2.1");
  assertEquals(handedOver("192.0.2.1", NOBODY), "192.0.2.1");
});

Deno.test("addresses that a client wrote before the data plane's are ignored", () => {
  assertEquals(handedOver("127.0.0.1, 192.0.2.1", NOBODY), "192.0.2.1");
  assertEquals(handedOver("127.0.0.1, 10.0.0.9, 192.0.2.1", PROXIES), "192.0.2.1");
});

Deno.test("a trusted proxy names its client, through a chain of trusted proxies", () => {
  assertEquals(clientAddress("10.0.0.1", "192.0.2.1", PROXIES), "192.0.2.1");
  assertEquals(handedOver("1.1.1.1, 192.0.2.1, 10.0.0.2, 10.0.0.1", PROXIES), "192.0.2.1");
  assertEquals(handedOver("2001:db8::1, fd00::1", PROXIES), "2001:db8::1");
});

Deno.test("a proxy without a valid X-Forwarded-For is itself the client", () => {
  for (const said of [null, "", "unknown", "192.0.2.1, nonsense", "192.0.2.1,"]) {
    assertEquals(clientAddress("10.0.0.1", said, PROXIES), "10.0.0.1");
  }
  assertEquals(clientAddress("10.0.0.1", "10.0.0.2", PROXIES), "10.0.0.2");
});

Deno.test("the peer of a caller stays known, with any X-Forwarded-For of a trusted proxy", () => {
  assertEquals(publicCaller("192.0.2.1, 10.0.0.1", "127.0.0.1", PROXIES), {
    address: "192.0.2.1",
    peer: "10.0.0.1",
    local: true,
    shared: true,
  });
  const own = { hostname: "0.0.0.0", port: 5001 };
  assertEquals(ownCaller(own, "10.0.0.1", "192.0.2.1", PROXIES), {
    address: "192.0.2.1",
    peer: "10.0.0.1",
    local: false,
    shared: false,
  });
});
