/**
 * What every engine has to do, as tests to run against each of them.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type Engine, EngineError, type Instance } from "./engine.ts";
import { accepts, beats, listen, waitFor } from "./testing.ts";

/** An engine to test, and what its interface does not offer. */
export interface Harness {
  readonly engine: Engine;
  /** Ends an instance behind the engine's back. */
  readonly kill: (instance: Instance) => Promise<void> | void;
  /** Takes away whatever is left, after a failure too. Called after the engine was closed. */
  readonly dispose?: () => Promise<void>;
}

/** How an engine differs from the others. */
export interface Exceptions {
  /** Its instances are only pretended: nothing answers at their addresses. */
  readonly nothingAnswers?: boolean;
  /** Somebody else runs its instances, and `Server1` and `Server2` are there. */
  readonly ownsNothing?: boolean;
  /** Not tested now, because what it needs is not here. */
  readonly ignore?: boolean;
}

type Test = (harness: Harness) => Promise<void>;

const GRACE_MS = 5_000;

/**
 * Registers the tests of one engine.
 *
 * @param label stands before each test's name
 * @param make makes the engine for one test
 * @param exceptions how this one differs
 */
export function testEngine(
  label: string,
  make: () => Promise<Harness> | Harness,
  exceptions: Exceptions = {},
): void {
  const cases = {
    ...(exceptions.ownsNothing ? WITHOUT_INSTANCES : WITH_INSTANCES),
    ...(exceptions.ownsNothing || exceptions.nothingAnswers ? {} : WITH_ANSWERS),
  };
  for (const [name, test] of Object.entries(cases)) {
    Deno.test({
      name: `${label}: ${name}`,
      ignore: exceptions.ignore ?? false,
      fn: () => run(make, test),
    });
  }
}

async function run(make: () => Promise<Harness> | Harness, test: Test): Promise<void> {
  const harness = await make();
  try {
    await test(harness);
  } finally {
    await harness.engine.close();
    await harness.dispose?.();
  }
}

const WITH_INSTANCES: Record<string, Test> = {
  "says that it owns its instances": ({ engine }) =>
    Promise.resolve(assertEquals(engine.ownsInstances, true)),

  "lists nothing before anything is started": async ({ engine }) =>
    assertEquals(await engine.list(), []),

  "lists what was started, with name, address and time": async ({ engine }) => {
    const before = Date.now() - 1000;
    const started = await engine.start("Server1");
    assertEquals(started.name, "Server1");
    assert(started.address.port > 0 && started.address.hostname !== "");
    assert(started.startedAt >= before && started.startedAt <= Date.now() + 1000);
    assertEquals(await engine.list(), [started]);
  },

  "lists in order of start": async ({ engine }) => {
    const names = ["Server2", "Server10", "Server1"];
    for (const name of names) await engine.start(name);
    assertEquals((await engine.list()).map(({ name }) => name), names);
  },

  "starts several at once": async ({ engine }) => {
    const names = ["Server1", "Server2", "S-3_x"];
    const started = await Promise.all(names.map((name) => engine.start(name)));
    assertEquals(started.map(({ name }) => name), names);
    assertEquals(new Set(started.map(({ id }) => id)).size, names.length);
    assertEquals((await engine.list()).length, names.length);
  },

  "lists no longer what was stopped": async ({ engine }) => {
    const [first, second] = [await engine.start("Server1"), await engine.start("Server2")];
    await engine.stop(first.id, GRACE_MS);
    assertEquals(await engine.list(), [second]);
  },

  "does not mind stopping twice, at once or one after the other": async ({ engine }) => {
    const { id } = await engine.start("Server1");
    await Promise.all([engine.stop(id, GRACE_MS), engine.stop(id, 0)]);
    await engine.stop(id, GRACE_MS);
  },

  "does not mind stopping what never was": async ({ engine }) =>
    await engine.stop("5e1f".repeat(16), 0),

  "never uses an id twice": async ({ engine }) => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const { id } = await engine.start("Server1");
      ids.add(id);
      await engine.stop(id, 0);
    }
    assertEquals(ids.size, 3);
  },

  "replaces an instance that still runs under the name": async ({ engine }) => {
    const first = await engine.start("Server1");
    const second = await engine.start("Server1");
    assertNotEquals(second.id, first.id);
    assertEquals(await engine.list(), [second]);
  },

  "replaces an instance that died": async ({ engine, kill }) => {
    await kill(await engine.start("Server1"));
    const second = await engine.start("Server1");
    assertEquals(await engine.list(), [second]);
  },

  "reports a death from outside once": async ({ engine, kill }) => {
    const heard = await listen(engine);
    const { name, id } = await engine.start("Server1");
    const other = await engine.start("Server2");
    await kill({ ...other, name, id });
    const exit = await heard.exitOf(id);
    assertEquals([exit.name, exit.id], [name, id]);
    assertNotEquals(exit.reason, "");
    await kill(other);
    await heard.exitOf(other.id);
    assertEquals(heard.events.map(({ type }) => type), ["exit", "exit"]);
    heard.close();
  },

  "lists no longer what died": async ({ engine, kill }) => {
    const heard = await listen(engine);
    const instance = await engine.start("Server1");
    await kill(instance);
    await heard.exitOf(instance.id);
    assertEquals(await engine.list(), []);
    heard.close();
  },

  "reports a stop as an exit": async ({ engine }) => {
    const heard = await listen(engine);
    const { id } = await engine.start("Server1");
    await engine.stop(id, GRACE_MS);
    assertEquals((await heard.exitOf(id)).name, "Server1");
    heard.close();
  },

  "reports to everyone who watches, and to no one who stopped watching": async ({ engine }) => {
    const [first, second, closed] = [
      await listen(engine),
      await listen(engine),
      await listen(engine),
    ];
    closed.close();
    const { id } = await engine.start("Server1");
    await engine.stop(id, 0);
    await first.exitOf(id);
    await second.exitOf(id);
    assertEquals(closed.events, []);
    first.close();
    second.close();
  },
};

const WITH_ANSWERS: Record<string, Test> = {
  "has instances that answer at their addresses": async ({ engine }) => {
    const started = await Promise.all([engine.start("Server1"), engine.start("Server2")]);
    for (const { address } of started) await waitFor("a heartbeat", () => beats(address));
  },

  "stops an instance so that its address refuses connections": async ({ engine }) => {
    const { id, address } = await engine.start("Server1");
    await waitFor("a heartbeat", () => beats(address));
    await engine.stop(id, GRACE_MS);
    assertEquals(await accepts(address), false);
  },
};

const WITHOUT_INSTANCES: Record<string, Test> = {
  "says that it owns no instances": ({ engine }) =>
    Promise.resolve(assertEquals(engine.ownsInstances, false)),

  "starts nothing, and says why": async ({ engine }) => {
    const error = await assertRejects(() => engine.start("Server1"), EngineError);
    assertEquals(error.kind, "unsupported");
  },

  "stops nothing, and says why": async ({ engine }) => {
    for (const { id } of await engine.list()) {
      const error = await assertRejects(() => engine.stop(id, 0), EngineError);
      assertEquals(error.kind, "unsupported");
    }
  },

  "lists the same each time": async ({ engine }) => {
    const listed = await engine.list();
    assertEquals(listed.slice(0, 2).map(({ name }) => name), ["Server1", "Server2"]);
    assertEquals(new Set(listed.map(({ id }) => id)).size, listed.length);
    assertEquals(await engine.list(), listed);
  },

  "reports nothing, whatever ends": async ({ engine, kill }) => {
    const heard = await listen(engine);
    for (const instance of await engine.list()) await kill(instance);
    heard.close();
    assertEquals(heard.events, []);
  },
};
