import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { parseUpstreams } from "../upstream_list.ts";
import { testEngine } from "./conformance.ts";
import { EngineError } from "./engine.ts";
import { StaticEngine } from "./static.ts";

const UPSTREAMS = parseUpstreams("a=127.0.0.1:9001,backend.example:9002,b=127.0.0.1:9001") ?? [];

testEngine("static", () => ({ engine: new StaticEngine(UPSTREAMS), kill: () => {} }), {
  ownsNothing: true,
});

Deno.test("static: the servers are named by their names or addresses", async () => {
  const listed = await new StaticEngine(UPSTREAMS).list();
  assertEquals(listed.map(({ name, address }) => [name, address]), [
    ["a", { hostname: "127.0.0.1", port: 9001 }],
    ["backend.example:9002", { hostname: "backend.example", port: 9002 }],
    ["b", { hostname: "127.0.0.1", port: 9001 }],
  ]);
});

Deno.test("static: the same address under two names is two instances", async () => {
  const [first, , third] = await new StaticEngine(UPSTREAMS).list();
  assertNotEquals(first?.id, third?.id);
});

Deno.test("static: in another list an upstream of the same name and address is the same instance", async () => {
  const engine = new StaticEngine(UPSTREAMS);
  const before = await engine.list();
  const after = engine.setUpstreams(parseUpstreams("b=127.0.0.1:9001,a=127.0.0.1:9009") ?? []);
  assertEquals(after[0], before[2]);
  assertNotEquals(after[1]?.id, before[0]?.id);
  assertEquals(await engine.list(), after);
  await engine.stop(before[0]!.id, 0);
  await assertRejects(() => engine.stop(after[0]!.id, 0), EngineError, "cannot stop");
  const back = engine.setUpstreams(UPSTREAMS);
  assertNotEquals(back[0]?.id, before[0]?.id, "it may be another server by now");
});
