import { assertEquals, assertNotEquals } from "@std/assert";
import * as kinds from "./field_kind.ts";
import { ORIGIN_NAMES } from "./origin_fields.ts";

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
  ["X-Forwarded-Port", kinds.X_FORWARDED_PORT, false],
  ["Max-Forwards", kinds.MAX_FORWARDS, false],
  ["Date", kinds.DATE, false],
  ["Authorization", kinds.AUTHORIZATION, false],
  ["WWW-Authenticate", kinds.WWW_AUTHENTICATE, false],
  ["HTTP2-Settings", kinds.HTTP2_SETTINGS, true],
];

Deno.test("A known field is recognized by its name in any case", () => {
  for (const [name, kind, hopByHop] of NAMES) {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      const bytes = bytesOf(`: ${written}: `);
      assertEquals(kinds.kindOf(bytes, 2, 2 + name.length), kind, written);
    }
    assertEquals(kinds.isHopByHop(kind), hopByHop, name);
  }
  assertEquals(new Set(NAMES.map(([, kind]) => kind)).size, NAMES.length);
});

Deno.test("A name that differs in one letter is of another kind", () => {
  for (const [name, kind] of NAMES) {
    for (let at = 0; at < name.length; at++) {
      const bytes = bytesOf(name.slice(0, at) + "0" + name.slice(at + 1));
      assertNotEquals(kinds.kindOf(bytes, 0, bytes.length), kind, `${name} at ${at}`);
    }
    assertNotEquals(kinds.kindOf(bytesOf(name + "s"), 0, name.length + 1), kind);
  }
});

function kindOf(name: string): number {
  const bytes = bytesOf(`: ${name}: `);
  return kinds.nameKindOf(bytes, 2, 2 + name.length);
}

Deno.test("Fields that name a request's origin are recognized in any case", () => {
  for (const name of [...ORIGIN_NAMES, "x-forwarded-ssl", "x-forwarded-a", "X-FORWARDED-Prefix"]) {
    assertEquals(kindOf(name), kinds.ORIGIN, name);
    assertEquals(kindOf(name.toUpperCase()), kinds.ORIGIN, name);
  }
  for (
    const name of ["x-forwarded-", "x-forward", "forwarder", "origin", "x-real-ips", "y-real-ip"]
  ) {
    assertEquals(kindOf(name), kinds.OTHER, name);
  }
});

Deno.test("A name that a gateway folds onto a known one has its own kind", () => {
  for (const name of [...NAMES.map(([name]) => name), ...ORIGIN_NAMES, "X-Forwarded-Ssl"]) {
    for (const odd of ["_", ".", "~", "!", "+"]) {
      const written = name.replaceAll("-", odd);
      if (written !== name) assertEquals(kindOf(written), kinds.FOLDED, written);
    }
  }
  assertEquals(kindOf("X_Forwarded-For"), kinds.FOLDED);
  assertEquals(kindOf(`X_Forwarded_${"x".repeat(100)}`), kinds.FOLDED);
});

Deno.test("Other names with an underscore have their own kind, other odd names do not", () => {
  assertEquals(kindOf("X_User"), kinds.UNDERSCORED);
  assertEquals(kindOf("_"), kinds.UNDERSCORED);
  assertEquals(kindOf(`${"x".repeat(100)}_`), kinds.UNDERSCORED);
  assertEquals(kindOf("X.User"), kinds.OTHER);
});

Deno.test("Fields that Connection names are not forwarded, others are", () => {
  assertEquals(kinds.isHopByHop(kinds.NOMINATED), true);
  assertEquals(kinds.isHopByHop(kinds.OTHER), false);
});

Deno.test("Connection must not name fields that frame, route or attribute a message", () => {
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
    "X-Forwarded-Port",
    "Max-Forwards",
  ]);
  assertEquals(kinds.isProtected(kinds.ORIGIN), true);
});
