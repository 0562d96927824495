import { assertEquals, assertThrows } from "@std/assert";
import type { KeySource } from "../../settings/values.ts";
import { RequestError } from "../input/schema.ts";
import { keyAsked } from "./query.ts";

const BY_ID: KeySource = { from: "request-id" };
const BY_PATH: KeySource = { from: "path" };
const BY_COOKIE: KeySource = { from: "affinity" };
const BY_USER: KeySource = { from: "query", name: "user" };

function ask(query: string, source = BY_ID): string {
  return keyAsked(new URLSearchParams(query), {
    keySource: source,
    publicApi: "all",
    affinity: { cookie: "lb", ttlS: 0 },
  });
}

function fault(query: string, source = BY_ID): string {
  return assertThrows(() => ask(query, source), RequestError, "", query).message;
}

Deno.test("a key and an id are taken as they are", () => {
  assertEquals([ask("key=alice"), ask("key=a%26b"), ask("id=0"), ask("id=007")], [
    "alice",
    "a&b",
    "0",
    "007",
  ]);
  assertEquals(ask(`id=${Number.MAX_SAFE_INTEGER}`), "9007199254740991");
});

Deno.test("a key from a field is its bytes, a key from the query its characters", () => {
  assertEquals(ask("key=%C3%A9"), "Ã©");
  assertEquals(ask("key=%C3%A9", { from: "header", name: "X-User" }), "Ã©");
  assertEquals(ask("key=%C3%A9", BY_USER), "é");
});

Deno.test("a path gives the key: the path without its query, or the query parameter", () => {
  const path = encodeURIComponent("/a/b%20c?user=al%20ice&user=bob");
  assertEquals(ask(`path=${path}`, BY_PATH), "/a/b%20c");
  assertEquals(ask(`path=${path}`, BY_USER), "al ice");
  assertEquals(ask("path=%2F%3Fuser%3D", BY_USER), "");
  assertEquals(ask("path=/rep/x", BY_PATH), "/rep/x");
});

Deno.test("a query has exactly one of the three", () => {
  const rule = "query: must be one of key=, id= and path=, percent-encoded";
  assertEquals(fault(""), `${rule}; got none`);
  assertEquals(fault("key=a&id=1"), `${rule}; got "key, id"`);
  assertEquals(fault("key=a&key=b"), `${rule}; got "key, key"`);
  assertEquals(fault("user=a"), `${rule}; got "user"`);
  assertEquals(fault("path=/home?user=a&x=b", BY_USER), `${rule}; got "path, x"`);
  assertEquals(fault("__proto__=a"), `${rule}; got "__proto__"`);
});

Deno.test("an out-of-bounds value is refused with the bound and the value", () => {
  const whole = "id: must be a whole number from 0 to 9007199254740991";
  for (const id of ["", "-1", "1.5", "1e3", "0x10", "9007199254740992", "x"]) {
    assertEquals(fault(`id=${id}`), `${whole}; got ${JSON.stringify(id)}`);
  }
  assertEquals(fault("key="), "key: must be 1 to 1024 characters; got 0");
  assertEquals(fault(`key=${"x".repeat(1025)}`), "key: must be 1 to 1024 characters; got 1025");
  assertEquals(
    fault(`path=/${"x".repeat(1024)}`, BY_PATH),
    "path: must be at most 1024 characters; got 1025",
  );
  const rule = "path: must begin with / and be as a request has it, visible ASCII without #";
  for (const path of ["", "home", "http://a/b", "/a b", "/a#b", "/é", "/\n"]) {
    const query = `path=${encodeURIComponent(path)}`;
    assertEquals(fault(query, BY_PATH), `${rule}; got ${JSON.stringify(path)}`);
  }
});

Deno.test("with LB_KEY=affinity a key is a value of the cookie", () => {
  const value = "abcdefghijklmnopqrstuv-_";
  assertEquals(ask(`key=${value}`, BY_COOKIE), value);
  const rule = "must be a value of the cookie lb, 24 letters, digits, - or _; a request with " +
    "another value is routed by a fresh random one, which its response sets";
  assertEquals(fault("key=alice", BY_COOKIE), `key: ${rule}; got "alice"`);
  assertEquals(fault(`key=${value}x`, BY_COOKIE), `key: ${rule}; got "${value}x"`);
  assertEquals(fault("id=7", BY_COOKIE), `id: ${rule}; got "7"`);
  assertEquals(
    fault("path=/home", BY_COOKIE),
    "path: decides nothing with LB_KEY=affinity; give key= instead",
  );
});

Deno.test("a path that does not decide the key is refused with the key's source", () => {
  const table: [KeySource, string][] = [
    [BY_ID, "request-id"],
    [{ from: "client" }, "client"],
    [{ from: "header", name: "X-User" }, "header:X-User"],
    [{ from: "cookie", name: "sid" }, "cookie:sid"],
  ];
  for (const [source, setting] of table) {
    assertEquals(
      fault("path=/home", source),
      `path: decides nothing with LB_KEY=${setting}; give key= or id= instead`,
    );
  }
  assertEquals(
    fault("path=/home?name=a", BY_USER),
    "path: must have the parameter user with LB_KEY=query:user; a request without it is routed " +
      "by its request id; give key= or id= instead",
  );
  assertEquals(
    fault("path=/_lb/status", BY_PATH),
    "path: must be one that replicas answer; GET /_lb/status is the balancer's",
  );
});
