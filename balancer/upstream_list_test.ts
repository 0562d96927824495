import { assertEquals } from "@std/assert";
import {
  parseUpstreamAddress,
  parseUpstreams,
  sameUpstreams,
  upstreamsText,
} from "./upstream_list.ts";
import { addressText } from "./view.ts";

Deno.test("upstream list: https:// turns TLS on, and does not belong to the name", () => {
  const list = parseUpstreams("https://A.test:8443,b=https://[::1]:443*2,c=10.0.0.1:80") ?? [];
  assertEquals(list, [
    { name: "a.test:8443", address: { hostname: "a.test", port: 8443, tls: true }, weight: 1 },
    { name: "b", address: { hostname: "::1", port: 443, tls: true }, weight: 2 },
    { name: "c", address: { hostname: "10.0.0.1", port: 80 }, weight: 1 },
  ]);
  const text = upstreamsText(list);
  assertEquals(text, "https://a.test:8443,b=https://[::1]:443*2,c=10.0.0.1:80");
  assertEquals(parseUpstreams(text), list);
});

Deno.test("upstream list: an upstream with TLS is another one than without", () => {
  const [plain, secured] = ["a=h:1", "a=https://h:1"].map((text) => parseUpstreams(text) ?? []);
  assertEquals(sameUpstreams(plain!, secured!), false);
  assertEquals(addressText(secured![0]!.address), "https://h:1");
});

Deno.test("upstream list: TLS needs a host and a port", () => {
  for (
    const text of [
      "https://",
      "https://h",
      "https://h:0",
      "https://unix:/a",
      "https:///a",
      "http://h:1",
    ]
  ) {
    assertEquals(parseUpstreamAddress(text), undefined, text);
    assertEquals(parseUpstreams(`a=${text}`), undefined, text);
  }
  assertEquals(parseUpstreams("a=unix:https://h:1"), undefined);
});
