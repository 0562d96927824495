import { assertEquals, assertRejects } from "@std/assert";
import { testEngine } from "./conformance.ts";
import { EngineError } from "./engine.ts";
import { MemoryEngine } from "./memory.ts";
import { listen } from "./testing.ts";

testEngine("memory", () => {
  const engine = new MemoryEngine();
  return { engine, kill: ({ name }) => engine.kill(name) };
}, { nothingAnswers: true });

Deno.test("memory: a start fails when told to, once", async () => {
  const engine = new MemoryEngine();
  engine.failNextStart(new EngineError("image-missing", "no image"));
  const error = await assertRejects(() => engine.start("Server1"), EngineError);
  assertEquals(error.kind, "image-missing");
  assertEquals((await engine.start("Server1")).name, "Server1");
});

Deno.test("memory: a start waits while it is held", async () => {
  const engine = new MemoryEngine();
  const release = engine.holdStarts();
  const starting = engine.start("Server1");
  assertEquals(await engine.list(), []);
  release();
  const started = await starting;
  assertEquals(await engine.list(), [started]);
});

Deno.test("memory: while away it does nothing and reports no exit", async () => {
  const engine = new MemoryEngine();
  const heard = await listen(engine);
  await engine.start("Server1");
  engine.goAway();
  engine.kill("Server1");
  for (const call of [() => engine.start("S"), () => engine.stop("S", 0), () => engine.list()]) {
    assertEquals((await assertRejects(call, EngineError)).kind, "away");
  }
  engine.comeBack();
  assertEquals(heard.events.map(({ type }) => type), ["away", "back"]);
  assertEquals(await engine.list(), []);
  heard.close();
});

Deno.test("memory: it remembers what was asked of it", async () => {
  const engine = new MemoryEngine();
  const { id } = await engine.start("Server1");
  await engine.stop(id, 500);
  assertEquals(engine.calls, ["start Server1", "stop Server1#1 500"]);
});

Deno.test("memory: a lost instance is gone without a word", async () => {
  const engine = new MemoryEngine();
  const heard = await listen(engine);
  engine.lose((await engine.start("Server1")).id);
  assertEquals([await engine.list(), heard.events], [[], []]);
  heard.close();
});
