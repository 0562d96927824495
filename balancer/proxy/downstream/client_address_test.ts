import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { clientAddress, clientOf } from "./client_address.ts";
import { RequestHead } from "../http1/request_head.ts";
import { TrustedProxies } from "./trusted_proxies.ts";

const TRUSTED = new TrustedProxies(["10.0.0.0/8", "fd00::/8"]);

function client(...fields: string[]): string {
  const text = ["GET / HTTP/1.1", "Host: a", ...fields, "", ""].join("\r\n");
  const bytes = new TextEncoder().encode(text);
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  return clientOf("10.0.0.1", bytes, head, TRUSTED);
}

Deno.test("the client is the last address of X-Forwarded-For that is not a trusted proxy", () => {
  const table: [expected: string, ...fields: string[]][] = [
    ["10.0.0.1"],
    ["192.0.2.1", "X-Forwarded-For: 192.0.2.1"],
    ["192.0.2.2", "X-Forwarded-For: 192.0.2.1, 192.0.2.2"],
    ["192.0.2.2", "X-Forwarded-For: 192.0.2.1, 192.0.2.2 , 10.9.9.9"],
    ["192.0.2.2", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2,10.1.1.1"],
    ["10.0.0.9", "X-Forwarded-For: 10.0.0.9, 10.0.0.8"],
    ["192.0.2.1", "X-Forwarded-For: 192.0.2.1:4711"],
    ["2001:db8::1", "X-Forwarded-For: [2001:DB8:0::1]:443"],
    ["2001:db8::1", "X-Forwarded-For: 2001:db8::1, fd00::7"],
    ["192.0.2.1", "X-Forwarded-For: ::ffff:192.0.2.1"],
    ["10.0.0.8", "X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.8"],
    ["10.0.0.1", "X-Forwarded-For: 192.0.2.1, "],
    ["10.0.0.1", "X-Forwarded-For: 1"],
    ["10.0.0.1", "X-Forwarded-For: 256.0.0.1"],
  ];
  for (const [expected, ...fields] of table) assertEquals(client(...fields), expected, `${fields}`);
});

Deno.test("without X-Forwarded-For the client is taken from Forwarded", () => {
  const table: [expected: string, ...fields: string[]][] = [
    ["192.0.2.1", "Forwarded: for=192.0.2.1"],
    ["192.0.2.2", "Forwarded: for=192.0.2.1;proto=https, By=x;For=192.0.2.2;host=a"],
    ["2001:db8::1", 'Forwarded: for="[2001:db8::1]:4711"', "Forwarded: for=10.0.0.7"],
    ["10.0.0.1", "Forwarded: for=192.0.2.1, for=_hidden"],
    ["10.0.0.1", "Forwarded: for=192.0.2.1, for=unknown"],
    ["10.0.0.1", "Forwarded: for=192.0.2.1, proto=http"],
    ["192.0.2.9", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.9"],
  ];
  for (const [expected, ...fields] of table) assertEquals(client(...fields), expected, `${fields}`);
});

Deno.test("the address that a trusted proxy appended counts, whatever entries precede it", () => {
  const property = fc.property(fc.string(), (text) => {
    assertEquals(clientAddress("10.0.0.1", `${text},192.0.2.7`, TRUSTED), "192.0.2.7");
    assertEquals(clientAddress("192.0.2.7", text, TRUSTED), "192.0.2.7");
  });
  fc.assert(property, { seed: 20261130, numRuns: 2000 });
});
