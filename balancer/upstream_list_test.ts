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

Deno.test("upstream list: origins are addresses, with the ports that URLs leave out", () => {
  const texts = ["http://A.test:8080/", "HTTPS://h/", "http://[::1]", "web=http://10.0.0.1*2"];
  const list = parseUpstreams(texts.join()) ?? [];
  assertEquals(
    upstreamsText(list),
    "a.test:8080,https://h:443,[::1]:80,web=10.0.0.1:80*2",
  );
  assertEquals(list.map(({ name }) => name), ["a.test:8080", "h:443", "[::1]:80", "web"]);
});

Deno.test("upstream list: an origin has a host, a valid port and nothing else", () => {
  const rests = ["", "/", ":1", "h:0", "h:65536", "unix:/a", "/a", "h:1/path", "h//", "u@h", "h?a"];
  for (const text of rests.flatMap((rest) => [`http://${rest}`, `https://${rest}`])) {
    assertEquals(parseUpstreamAddress(text), undefined, text);
    assertEquals(parseUpstreams(`a=${text}`), undefined, text);
  }
  assertEquals(parseUpstreams("a=unix:https://h:1"), undefined);
  assertEquals(parseUpstreamAddress("ftp://h:1"), undefined);
});
