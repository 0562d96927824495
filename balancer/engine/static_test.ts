import { assertEquals } from "@std/assert";
import { testEngine } from "./conformance.ts";
import { StaticEngine } from "./static.ts";

const ADDRESSES = [
  { hostname: "127.0.0.1", port: 9001 },
  { hostname: "backend.example", port: 9002 },
  { hostname: "127.0.0.1", port: 9001 },
];

testEngine("static", () => ({ engine: new StaticEngine(ADDRESSES), kill: () => {} }), {
  ownsNothing: true,
});

Deno.test("static: the servers are named by their place in the list", async () => {
  const listed = await new StaticEngine(ADDRESSES).list();
  assertEquals(listed.map(({ name, address }) => [name, address]), [
    ["Server1", ADDRESSES[0]],
    ["Server2", ADDRESSES[1]],
    ["Server3", ADDRESSES[2]],
  ]);
});

Deno.test("static: the same address under two names is two instances", async () => {
  const [first, , third] = await new StaticEngine(ADDRESSES).list();
  assertEquals(first?.id === third?.id, false);
});
