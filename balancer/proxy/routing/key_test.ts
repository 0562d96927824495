import { assertEquals, assertNotEquals } from "@std/assert";
import { Ring } from "../../../ring/mod.ts";
import { RequestHead } from "../http1/request_head.ts";
import { keySlot, type RequestFacts, requestKey } from "./key.ts";

function factsOf(target: string, ...fields: string[]): RequestFacts {
  const lines = [`GET ${target} HTTP/1.1`, "Host: a", ...fields, "", ""];
  const bytes = Uint8Array.from(lines.join("\r\n"), (letter) => letter.charCodeAt(0));
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  return { request: { requestId: "17" }, client: "192.0.2.9", bytes, head };
}

const facts = factsOf(
  "/a/b?user=u%201&x=",
  "x-USER: ann",
  "X-User: bob",
  "Cookie: a=1; sid=s7; b=2",
);

Deno.test("each source takes the key from its own part of the request", () => {
  assertEquals(requestKey({ from: "request-id" }, facts), "17");
  assertEquals(requestKey({ from: "path" }, facts), "/a/b");
  assertEquals(requestKey({ from: "client" }, facts), "192.0.2.9");
  assertEquals(requestKey({ from: "header", name: "X-User" }, facts), "ann");
  assertEquals(requestKey({ from: "cookie", name: "sid" }, facts), "s7");
  assertEquals(requestKey({ from: "query", name: "user" }, facts), "u 1");
});

Deno.test("the path of an absolute target is its path alone", () => {
  assertEquals(requestKey({ from: "path" }, factsOf("http://a.example/p?q")), "/p");
  assertEquals(requestKey({ from: "path" }, factsOf("http://a.example?q")), "/");
  assertEquals(requestKey({ from: "query", name: "q" }, factsOf("http://a.example?q=1")), "1");
});

Deno.test("a request without the header, cookie or parameter is routed by its id", () => {
  assertEquals(requestKey({ from: "header", name: "x-none" }, facts), "17");
  assertEquals(requestKey({ from: "cookie", name: "si" }, facts), "17");
  assertEquals(requestKey({ from: "query", name: "none" }, facts), "17");
  assertEquals(requestKey({ from: "cookie", name: "sid" }, factsOf("/")), "17");
});

Deno.test("a cookie is found in every Cookie line and behind any whitespace", () => {
  const sid = (...fields: string[]) =>
    requestKey({ from: "cookie", name: "sid" }, factsOf("/", ...fields));
  assertEquals(sid("Cookie: a=1", "cookie: b=2; sid=s7"), "s7");
  assertEquals(sid("Cookie: a=1;\tsid=s7"), "s7");
  assertEquals(sid("Cookie: a=1;sid=s7"), "s7");
  assertEquals(sid("Cookie: a=1 ; \t sid = s7 ;b=2"), "s7");
  assertEquals(sid("Cookie: sid=first", "Cookie: sid=second"), "first");
  assertEquals(sid("Cookie: a=sid=no; sid=b=c"), "b=c");
  assertEquals(sid("Cookie: sid"), "17");
  assertEquals(sid("Cookie: sid="), "");
});

Deno.test("a whole number is hashed as an id, anything else as a string", () => {
  const ring = Ring.build({ members: ["Server1", "Server2"], hashes: "seed" });
  assertEquals(keySlot(ring, "100"), (100 + 200 + 1) % 512);
  assertEquals(keySlot(ring, "007"), (7 + 14 + 1) % 512);
  for (const key of ["1e3", "-1", "1.5", " 1", "", "9007199254740993", "99999999999999999999"]) {
    assertEquals(keySlot(ring, key), ring.slotOfKey(key), key);
  }
  assertNotEquals(keySlot(ring, "a"), keySlot(ring, "b"));
});
