import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Instance } from "../engine/engine.ts";
import type { Context } from "./member/context.ts";
import { inView, type Member, newMember } from "./member/member.ts";
import { type Action, nextDeadline, planActions } from "./plan/actions.ts";
import { isReplaceable } from "./member/phases.ts";
import { matchSpares, promote } from "./member/takeover.ts";
import { type MemberEvent, transition } from "./member/transition.ts";
import { testPolicy } from "./testing.ts";

const policy = testPolicy({ startTimeoutMs: 1000, backoffMs: 100, backoffMaxMs: 1000 });

/** A replica and a spare: the state of the fleet, and the instances that really run. */
class World {
  now = 0;
  engineUp = true;
  readonly members = new Map<string, Member>();
  /** Names of the running instances, by id. */
  readonly running = new Map<string, string>();
  readonly underway: Action[] = [];
  #ids = 0;

  constructor(spares: number) {
    this.members.set("S", newMember({ name: "S", joined: true }, 0));
    if (spares > 0) this.members.set("spare", newMember({ name: "spare", spare: true }, 0));
    this.settle();
  }

  get context(): Context {
    return { now: this.now, policy };
  }

  get(name: string): Member | undefined {
    return this.members.get(name);
  }

  /** Delivers an event to the member that has the instance now. */
  post(event: MemberEvent, name?: string): void {
    const id = "id" in event ? event.id : undefined;
    const owner = [...this.members.values()].find((member) =>
      member.instance?.id === id || member.retiring.some((one) => one.id === id)
    );
    this.apply(event, id === undefined ? name : owner?.name);
    this.settle();
  }

  apply(event: MemberEvent, name: string | undefined): void {
    const before = this.members.get(name ?? "");
    if (!before) return;
    const after = transition(before, event, this.context);
    if (after) this.members.set(after.name, after);
    else this.members.delete(before.name);
  }

  settle(): void {
    while (this.promote() || this.act());
  }

  promote(): boolean {
    const [pair] = this.engineUp ? matchSpares(this.members.values(), this.context) : [];
    if (!pair) return false;
    this.members.set(pair.target.name, promote(pair, this.context));
    this.members.delete(pair.spare.name);
    this.members.set("spare", newMember({ name: "spare", spare: true }, this.now));
    assert(!inView(this.members.get(pair.target.name)!), "in the view without a heartbeat");
    return true;
  }

  act(): boolean {
    const capacity = { engineUp: this.engineUp, starts: 9 };
    const actions = planActions(this.members.values(), this.context, capacity);
    for (const action of actions) this.begin(action);
    return actions.length > 0 || this.replace();
  }

  replace(): boolean {
    const failed = [...this.members.values()].filter((one) => isReplaceable(one, this.context));
    if (!this.engineUp || failed.length === 0) return false;
    for (const { name, instance } of failed) {
      this.apply({ type: "replace", id: instance!.id }, name);
    }
    return true;
  }

  begin(action: Action): void {
    const member = this.get(action.name);
    assert(member);
    switch (action.type) {
      case "start":
        assertEquals(member.instance, undefined, "started twice");
        this.apply({ type: "starting" }, action.name);
        break;
      case "rename":
        this.apply({ type: "renaming", id: action.id }, action.name);
        break;
      default:
        assert(member.instance?.id !== action.id, "what serves is cleared away");
        this.apply({ type: "retiring", id: action.id }, action.name);
    }
    const same = this.underway.filter((one) =>
      one.type === action.type && one.name === action.name
    );
    assert(action.type !== "start" || same.length === 0, "two starts at a time");
    this.underway.push(action);
  }

  /** Ends the oldest action in progress, in success or failure. */
  finish(well: boolean): void {
    const action = this.underway.shift();
    if (!action) return;
    const message = "no";
    switch (action.type) {
      case "start":
        if (well) return this.#start(action.name);
        return this.post({ type: "start-failed", message, kind: "failed" }, action.name);
      case "stop":
        if (well) this.running.delete(action.id);
        return this.post({
          ...(well ? { type: "stopped" } : { type: "stop-failed", message }),
          id: action.id,
        } as MemberEvent);
      case "drain":
        return this.post({ type: "drained", id: action.id });
      case "rename":
        return this.post({ type: "renamed", id: action.id, ...(well ? {} : { failed: message }) });
    }
  }

  #start(name: string): void {
    const id = `i${++this.#ids}`;
    this.running.set(id, name);
    const address = { hostname: "127.0.0.1", port: 1 };
    const instance: Instance = { id, name, spare: name === "spare", address, startedAt: this.now };
    this.post({ type: "started", instance }, name);
  }

  pass(ms: number): void {
    this.now += ms;
    for (const name of [...this.members.keys()]) this.apply({ type: "tick", mayEject: true }, name);
    this.settle();
  }

  /** Quiet time: actions succeed, heartbeats pass, deadlines come. */
  calmDown(isCalm: () => boolean): void {
    this.engineUp = true;
    for (let round = 0; round < 60 && !isCalm(); round++) {
      this.settle();
      this.finish(true);
      for (const { instance } of [...this.members.values()]) {
        if (!instance) continue;
        const lives = this.running.has(instance.id);
        if (lives) this.post({ type: "probe", id: instance.id, mayEject: true });
        else this.post({ type: "exit", id: instance.id, reason: "gone" });
      }
      const deadline = nextDeadline(this.members.values(), this.context);
      if (this.underway.length === 0 && deadline !== Infinity) this.pass(deadline - this.now);
    }
  }

  /** Ids of serving and retiring instances. */
  known(): Set<string> {
    return new Set(
      [...this.members.values()].flatMap(({ instance, retiring }) => [
        ...(instance ? [instance.id] : []),
        ...retiring.map(({ id }) => id),
      ]),
    );
  }
}

const step = fc.tuple(
  fc.constantFrom(
    "pass",
    "miss",
    "spared miss",
    "exit",
    "refused",
    "reset",
    "slow",
    "stale",
    "finish well",
    "finish badly",
    "time",
    "away",
    "back",
  ),
  fc.constantFrom("S", "spare"),
);

function take(world: World, [what, name]: [string, string]): void {
  const id = world.get(name)?.instance?.id ?? "none";
  switch (what) {
    case "pass":
      return world.post({ type: "probe", id, mayEject: true });
    case "miss":
    case "spared miss":
      return world.post({ type: "probe", id, reason: "x", mayEject: what === "miss" });
    case "exit":
      world.running.delete(id);
      return world.post({ type: "exit", id, reason: "x" });
    case "refused":
    case "reset":
    case "slow":
      return world.post({ type: "evidence", id, kind: what, fresh: true });
    case "stale":
      return world.post({ type: "exit", id: "i0", reason: "x" });
    case "finish well":
    case "finish badly":
      return world.finish(what === "finish well");
    case "time":
      return world.pass(500);
    case "away":
    case "back":
      world.engineUp = what === "back";
      return world.settle();
  }
}

function everyInstanceIsKnown(world: World): void {
  const known = world.known();
  for (const id of world.running.keys()) {
    assert(known.has(id), `${id} runs and belongs to no member`);
  }
}

for (const spares of [0, 1]) {
  Deno.test(`after every history no serving instance is stopped, no instance is forgotten, and quiet time heals the fleet (${spares} spares)`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World(spares);
        for (const one of steps) {
          take(world, one);
          everyInstanceIsKnown(world);
        }
        const isCalm = () =>
          world.underway.length === 0 &&
          [...world.members.values()].every(({ phase, retiring }) =>
            phase === "ready" && retiring.length === 0
          );
        world.calmDown(isCalm);
        assert(isCalm(), JSON.stringify([...world.members.values()]));
        const serving = [...world.members.values()].map(({ instance }) => instance?.id);
        assertEquals([...world.running.keys()].sort(), serving.sort());
      }),
      { seed: 20261123, numRuns: 2000 },
    );
  });
}

Deno.test("after every history a removed replica is gone and no instance of it runs", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World(0);
      for (const one of steps) take(world, one);
      world.engineUp = true;
      world.post({ type: "leave" }, "S");
      for (let round = 0; round < 40 && world.get("S"); round++) {
        world.settle();
        world.finish(true);
        world.pass(2000);
      }
      assertEquals(world.get("S"), undefined);
      assertEquals([...world.running.keys()], []);
    }),
    { seed: 20261123, numRuns: 2000 },
  );
});
