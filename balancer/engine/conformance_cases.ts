/**
 * The cases of the engines' conformance tests.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { HEARTBEAT_PATH, HOME_PATH, NAME_FIELD } from "../../replica/contract.ts";
import { addressText } from "../view.ts";
import { EngineError, type Instance } from "./engine.ts";
import { accepts, beats, type Harness, launch, listen, tcpOf, waitFor } from "./testing.ts";

/** One case. */
export type Test = (harness: Harness) => Promise<void>;

/** Grace of a stop, which passes in full where the program does not handle signals yet. */
const GRACE_MS = 1_000;
/** Longest time for an instance to end. */
const END_MS = 60_000;

/** Cases of engines whose instances several balancers start and stop. */
export const SHARED_INSTANCES: Record<string, Test> = {
  "starts no second instance where another balancer has started one": async ({ engine }) => {
    const first = await engine.start({ ...launch("Server1"), known: [] });
    assertEquals(await engine.start({ ...launch("Server1"), known: [] }), first);
    const second = await engine.start({ ...launch("Server1"), known: [first.id] });
    assertEquals(await engine.list(), [first, second]);
  },
};

/** Cases of engines that start and stop instances. */
export const WITH_INSTANCES: Record<string, Test> = {
  "reports that it owns its instances": ({ engine }) =>
    Promise.resolve(assertEquals(engine.ownsInstances, true)),

  "lists nothing before anything is started": async ({ engine }) =>
    assertEquals(await engine.list(), []),

  "lists started instances with name, address and time": async ({ engine }) => {
    const before = Date.now() - 1000;
    const started = await engine.start(launch("Server1"));
    assertEquals(started.name, "Server1");
    const { hostname, port } = tcpOf(started.address);
    assert(port > 0 && hostname !== "");
    assert(started.startedAt >= before && started.startedAt <= Date.now() + 1000);
    assertEquals(await engine.list(), [started]);
  },

  "lists in order of start": async ({ engine }) => {
    const names = ["Server2", "Server10", "Server1"];
    for (const name of names) await engine.start(launch(name));
    assertEquals((await engine.list()).map(({ name }) => name), names);
  },

  "starts several at once": async ({ engine }) => {
    const names = ["Server1", "Server2", "S-3_x"];
    const started = await Promise.all(names.map((name) => engine.start(launch(name))));
    assertEquals(started.map(({ name }) => name), names);
    assertEquals(new Set(started.map(({ id }) => id)).size, names.length);
    assertEquals((await engine.list()).length, names.length);
  },

  "does not list stopped instances": async ({ engine }) => {
    const [first, second] = [
      await engine.start(launch("Server1")),
      await engine.start(launch("Server2")),
    ];
    await engine.stop(first.id, GRACE_MS);
    assertEquals(await engine.list(), [second]);
  },

  "accepts a second stop, concurrent or later": async ({ engine }) => {
    const { id } = await engine.start(launch("Server1"));
    await Promise.all([engine.stop(id, GRACE_MS), engine.stop(id, 0)]);
    await engine.stop(id, GRACE_MS);
  },

  "accepts a stop of an unknown instance": async ({ engine }) =>
    await engine.stop("5e1f".repeat(16), 0),

  "never uses an id twice": async ({ engine }) => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const { id } = await engine.start(launch("Server1"));
      ids.add(id);
      await engine.stop(id, 0);
    }
    assertEquals(ids.size, 3);
  },

  "leaves a running instance of a start's name alone": async ({ engine }) => {
    const first = await engine.start(launch("Server1"));
    const second = await engine.start(launch("Server1"));
    assertNotEquals(second.id, first.id);
    assertEquals(await engine.list(), [first, second]);
    await engine.stop(first.id, 0);
    assertEquals(await engine.list(), [second]);
  },

  "starts several under one name at once": async ({ engine }) => {
    const names = Array.from({ length: 4 }, () => "Server1");
    const started = await Promise.all(names.map((name) => engine.start(launch(name))));
    const byId = (a: Instance, b: Instance) => a.id < b.id ? -1 : 1;
    assertEquals([...await engine.list()].sort(byId), started.sort(byId));
  },

  "starts under the name of a dead instance": async ({ engine, kill }) => {
    const heard = await listen(engine);
    const first = await engine.start(launch("Server1"));
    await kill(first);
    await heard.exitOf(first.id);
    const second = await engine.start(launch("Server1"));
    assertEquals(await engine.list(), [second]);
    heard.close();
  },

  "lists a spare as a spare until it is given a name": async ({ engine }) => {
    const spare = await engine.start(launch("spare-1", { spare: true }));
    assertEquals([spare.name, spare.spare], ["spare-1", true]);
    assertEquals(await engine.list(), [spare]);
    await engine.rename(spare.id, "Server1");
    assertEquals(await engine.list(), [{ ...spare, name: "Server1", spare: false }]);
  },

  "leaves a running instance of a rename's name alone": async ({ engine }) => {
    const first = await engine.start(launch("Server1"));
    const spare = await engine.start(launch("spare-1", { spare: true }));
    await engine.rename(spare.id, "Server1");
    assertEquals(await engine.list(), [first, { ...spare, name: "Server1", spare: false }]);
    const third = await engine.start(launch("Server1"));
    assertEquals((await engine.list()).map(({ id, name, spare }) => [id, name, spare]), [
      [first.id, "Server1", false],
      [spare.id, "Server1", false],
      [third.id, "Server1", false],
    ]);
  },

  "accepts a rename to the present name": async ({ engine }) => {
    const spare = await engine.start(launch("spare-1", { spare: true }));
    await engine.rename(spare.id, "Server1");
    await engine.rename(spare.id, "Server1");
    assertEquals(await engine.list(), [{ ...spare, name: "Server1", spare: false }]);
  },

  "refuses to rename or kill an unknown instance": async ({ engine }) => {
    const id = "5e1f".repeat(16);
    for (const call of [() => engine.rename(id, "Server1"), () => engine.kill(id)]) {
      assertEquals((await assertRejects(call, EngineError)).kind, "failed");
    }
  },

  "returns how an instance ended": async ({ engine, kill }) => {
    const instance = await engine.start(launch("Server1"));
    const { id } = instance;
    assertEquals(await engine.ending(id, 0), undefined);
    await kill(instance);
    assertMatch(await engine.ending(id, END_MS) ?? "", /killed|SIGKILL/);
    assertEquals(await engine.ending("5e1f".repeat(16), 0), undefined);
  },

  "reports a kill as an exit": async ({ engine }) => {
    const heard = await listen(engine);
    const { id } = await engine.start(launch("Server1"));
    const other = await engine.start(launch("Server2"));
    await engine.kill(id);
    assertEquals((await heard.exitOf(id)).name, "Server1");
    assertEquals(await engine.list(), [other]);
    heard.close();
  },

  "has no output tail of an unknown instance": async ({ engine }) =>
    assertEquals(await engine.readOutputTail("5e1f".repeat(16)), []),

  "has no remains of a killed instance after its stop": async ({ engine }) => {
    const heard = await listen(engine);
    const { id } = await engine.start(launch("spare-1", { spare: true }));
    assertEquals(await engine.remains(), []);
    await engine.kill(id);
    await heard.exitOf(id);
    const left = await engine.remains();
    if (engine.kind !== "process") assertEquals(left, [{ id, name: "spare-1", spare: true }]);
    await engine.stop(id, 0);
    assertEquals(await engine.remains(), []);
    heard.close();
  },

  "reports an external death once": async ({ engine, kill }) => {
    const heard = await listen(engine);
    const { name, id } = await engine.start(launch("Server1"));
    const other = await engine.start(launch("Server2"));
    await kill({ ...other, name, id });
    const exit = await heard.exitOf(id);
    assertEquals([exit.name, exit.id], [name, id]);
    assertNotEquals(exit.reason, "");
    await kill(other);
    await heard.exitOf(other.id);
    assertEquals(heard.events.map(({ type }) => type), ["exit", "exit"]);
    heard.close();
  },

  "does not list dead instances": async ({ engine, kill }) => {
    const heard = await listen(engine);
    const instance = await engine.start(launch("Server1"));
    await kill(instance);
    await heard.exitOf(instance.id);
    assertEquals(await engine.list(), []);
    heard.close();
  },

  "reports a stop as an exit": async ({ engine }) => {
    const heard = await listen(engine);
    const { id } = await engine.start(launch("Server1"));
    await engine.stop(id, GRACE_MS);
    assertEquals((await heard.exitOf(id)).name, "Server1");
    heard.close();
  },

  "reports to every open watch and to no closed one": async ({ engine }) => {
    const [first, second, closed] = [
      await listen(engine),
      await listen(engine),
      await listen(engine),
    ];
    closed.close();
    const { id } = await engine.start(launch("Server1"));
    await engine.stop(id, 0);
    await first.exitOf(id);
    await second.exitOf(id);
    assertEquals(closed.events, []);
    first.close();
    second.close();
  },
};

/** Cases of engines whose instances really listen. */
export const WITH_ANSWERS: Record<string, Test> = {
  "has instances that answer at their addresses": async ({ engine }) => {
    const started = await Promise.all([
      engine.start(launch("Server1")),
      engine.start(launch("Server2")),
    ]);
    for (const { address } of started) await waitFor("a heartbeat", () => beats(address));
  },

  "has spares that learn their names from a heartbeat": async ({ engine }) => {
    const { address } = await engine.start(launch("spare-1", { spare: true }));
    await waitFor("a heartbeat", () => beats(address));
    const at = `http://${addressText(address)}`;
    const headers = { [NAME_FIELD]: "Server2" };
    await (await fetch(at + HEARTBEAT_PATH, { headers })).body?.cancel();
    assertEquals((await (await fetch(at + HOME_PATH)).json()).message, "Hello from Server: 2");
  },

  "stops an instance so that its address refuses connections": async ({ engine }) => {
    const { id, address } = await engine.start(launch("Server1"));
    await waitFor("a heartbeat", () => beats(address));
    await engine.stop(id, GRACE_MS);
    assertEquals(await accepts(address), false);
  },
};

/** Cases of engines that do not run the instances. */
export const WITHOUT_INSTANCES: Record<string, Test> = {
  "reports that it owns no instances": ({ engine }) =>
    Promise.resolve(assertEquals(engine.ownsInstances, false)),

  "refuses to start, with a reason": async ({ engine }) => {
    const error = await assertRejects(() => engine.start(launch("Server1")), EngineError);
    assertEquals(error.kind, "unsupported");
  },

  "refuses to stop, kill and rename, with a reason": async ({ engine }) => {
    for (const { id } of await engine.list()) {
      const calls = [
        () => engine.stop(id, 0),
        () => engine.kill(id),
        () => engine.rename(id, "Server9"),
      ];
      for (const call of calls) {
        assertEquals((await assertRejects(call, EngineError)).kind, "unsupported");
      }
    }
  },

  "has no output tails and no remains": async ({ engine }) => {
    for (const { id } of await engine.list()) assertEquals(await engine.readOutputTail(id), []);
    assertEquals(await engine.remains(), []);
  },

  "lists the same each time": async ({ engine }) => {
    const listed = await engine.list();
    assertEquals(new Set(listed.map(({ name }) => name)).size, listed.length);
    assertEquals(new Set(listed.map(({ id }) => id)).size, listed.length);
    assertEquals(await engine.list(), listed);
  },

  "reports no exits": async ({ engine, kill }) => {
    const heard = await listen(engine);
    for (const instance of await engine.list()) await kill(instance);
    heard.close();
    assertEquals(heard.events, []);
  },
};
