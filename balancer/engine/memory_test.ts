import { assertEquals, assertRejects } from "@std/assert";
import { launch, testEngine } from "./conformance.ts";
import { EngineError, OUTPUT_TAIL_LINES } from "./engine.ts";
import { MemoryEngine } from "./memory.ts";
import { listen } from "./testing.ts";

testEngine("memory", () => {
  const engine = new MemoryEngine();
  return { engine, kill: ({ name }) => engine.fail(name) };
}, { nothingAnswers: true });

Deno.test("memory: a start fails once on demand", async () => {
  const engine = new MemoryEngine();
  engine.failNextStart(new EngineError("image-missing", "no image"));
  const error = await assertRejects(() => engine.start(launch("Server1")), EngineError);
  assertEquals(error.kind, "image-missing");
  assertEquals((await engine.start(launch("Server1"))).name, "Server1");
});

Deno.test("memory: a start waits while it is held", async () => {
  const engine = new MemoryEngine();
  const release = engine.holdStarts();
  const starting = engine.start(launch("Server1"));
  assertEquals(await engine.list(), []);
  release();
  const started = await starting;
  assertEquals(await engine.list(), [started]);
});

Deno.test("memory: while unreachable it does nothing and reports no exit", async () => {
  const engine = new MemoryEngine();
  const heard = await listen(engine);
  await engine.start(launch("Server1"));
  engine.goAway();
  engine.fail("Server1");
  const calls = [
    () => engine.start(launch("S")),
    () => engine.rename("S", "T"),
    () => engine.kill("S"),
    () => engine.readOutputTail("S"),
    () => engine.stop("S", 0),
    () => engine.list(),
    () => engine.remains(),
  ];
  for (const call of calls) {
    assertEquals((await assertRejects(call, EngineError)).kind, "away");
  }
  engine.comeBack();
  assertEquals(heard.events.map(({ type }) => type), ["away", "back"]);
  assertEquals(await engine.list(), []);
  heard.close();
});

Deno.test("memory: calls are recorded", async () => {
  const engine = new MemoryEngine();
  const first = await engine.start(launch("Server1", { template: { image: "other" } }));
  const spare = await engine.start(launch("spare-1", { spare: true }));
  await engine.kill(first.id);
  await engine.rename(spare.id, "Server1");
  await engine.stop(first.id, 500);
  assertEquals(engine.calls, [
    "start Server1",
    "start spare-1 spare",
    "kill Server1#1",
    "rename spare-1#2 Server1",
    "stop Server1#1 500",
  ]);
  assertEquals(engine.launches.map(({ template }) => template), [{ image: "other" }, {}]);
});

Deno.test("memory: a rename fails once on demand", async () => {
  const engine = new MemoryEngine();
  const { id } = await engine.start(launch("spare-1", { spare: true }));
  engine.failNextRename(new EngineError("failed", "no"));
  await assertRejects(() => engine.rename(id, "Server1"), EngineError, "no");
  assertEquals((await engine.list())[0]?.spare, true);
  await engine.rename(id, "Server1");
  assertEquals((await engine.list())[0]?.name, "Server1");
});

Deno.test("memory: the last lines of an instance are kept", async () => {
  const engine = new MemoryEngine();
  engine.say("Server1#1", ...Array.from({ length: OUTPUT_TAIL_LINES }, (_, i) => `line ${i}`));
  engine.say("Server1#1", "the end");
  const words = await engine.readOutputTail("Server1#1");
  assertEquals([words.length, words[0], words.at(-1)], [OUTPUT_TAIL_LINES, "line 1", "the end"]);
});

Deno.test("memory: remains can be added, and a stop removes them", async () => {
  const engine = new MemoryEngine();
  const remains = { id: "old", name: "Server1", spare: false };
  engine.leave(remains);
  assertEquals(await engine.remains(), [remains]);
  await engine.stop("old", 0);
  assertEquals(await engine.remains(), []);
});

Deno.test("memory: a lost instance is gone without a report", async () => {
  const engine = new MemoryEngine();
  const heard = await listen(engine);
  engine.lose((await engine.start(launch("Server1"))).id);
  assertEquals([await engine.list(), await engine.remains(), heard.events], [[], [], []]);
  heard.close();
});
