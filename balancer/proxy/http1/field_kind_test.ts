import { assertEquals } from "@std/assert";
import * as kinds from "./field_kind.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

const NAMES: readonly [name: string, kind: number, hopByHop: boolean][] = [
  ["Host", kinds.HOST, false],
  ["Content-Length", kinds.CONTENT_LENGTH, false],
  ["Transfer-Encoding", kinds.TRANSFER_ENCODING, true],
  ["Connection", kinds.CONNECTION, true],
  ["Keep-Alive", kinds.KEEP_ALIVE, true],
  ["Upgrade", kinds.UPGRADE, true],
  ["TE", kinds.TE, true],
  ["Trailer", kinds.TRAILER, false],
  ["Proxy-Authenticate", kinds.PROXY_AUTHENTICATE, true],
  ["Proxy-Authorization", kinds.PROXY_AUTHORIZATION, true],
  ["Proxy-Connection", kinds.PROXY_CONNECTION, true],
  ["Expect", kinds.EXPECT, false],
  ["Via", kinds.VIA, false],
  ["X-Forwarded-For", kinds.X_FORWARDED_FOR, false],
  ["X-Forwarded-Proto", kinds.X_FORWARDED_PROTO, false],
  ["X-Forwarded-Host", kinds.X_FORWARDED_HOST, false],
  ["X-Request-Id", kinds.X_REQUEST_ID, false],
  ["Cookie", kinds.COOKIE, false],
];

Deno.test("A field that the proxy knows is told by its name in any case", () => {
  for (const [name, kind, hopByHop] of NAMES) {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      const bytes = bytesOf(`: ${written}: `);
      assertEquals(kinds.kindOf(bytes, 2, 2 + name.length), kind, written);
    }
    assertEquals(kinds.isHopByHop(kind), hopByHop, name);
  }
  assertEquals(new Set(NAMES.map(([, kind]) => kind)).size, NAMES.length);
});

Deno.test("A name that differs in one letter is of no known kind", () => {
  for (const [name] of NAMES) {
    for (let at = 0; at < name.length; at++) {
      const bytes = bytesOf(name.slice(0, at) + "_" + name.slice(at + 1));
      assertEquals(kinds.kindOf(bytes, 0, bytes.length), kinds.OTHER, `${name} at ${at}`);
    }
    assertEquals(kinds.kindOf(bytesOf(name + "s"), 0, name.length + 1), kinds.OTHER);
  }
});

Deno.test("Fields that Connection names stop here, others cross", () => {
  assertEquals(kinds.isHopByHop(kinds.NOMINATED), true);
  assertEquals(kinds.isHopByHop(kinds.OTHER), false);
});

Deno.test("Connection must not name what frames, routes or attributes a message", () => {
  const named = NAMES.filter(([, kind]) => kinds.isProtected(kind)).map(([name]) => name);
  assertEquals(named, [
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Request-Id",
    "Cookie",
  ]);
});
