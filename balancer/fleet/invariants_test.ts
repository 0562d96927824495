import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Instance } from "../engine/engine.ts";
import { inView, type Member, newMember } from "./member.ts";
import { type Action, nextDeadline, plan } from "./plan.ts";
import { type MemberEvent, transition } from "./transition.ts";
import { testPolicy } from "./testing.ts";

const policy = testPolicy({ startTimeoutMs: 1000, backoffMs: 100, backoffMaxMs: 1000 });

/** A world of one replica: what the fleet believes, and the instances that really run. */
class World {
  now = 0;
  member: Member | undefined = newMember("S", true, 0);
  engineUp = true;
  readonly running = new Set<string>();
  readonly underway: Action[] = [];
  #ids = 0;

  apply(event: MemberEvent): void {
    if (!this.member) return;
    this.member = transition(this.member, event, this.now, policy);
    this.settle();
  }

  settle(): void {
    if (!this.member) return;
    for (const action of plan([this.member], this.now, policy, this.engineUp)) {
      if (action.type === "stop") assert(!inView(this.member), "stopped while in the view");
      if (action.type === "start") assertEquals(this.member.instance, undefined, "started twice");
      this.underway.push(action);
      this.member = transition(
        this.member,
        { type: "issued", action: action.type },
        this.now,
        policy,
      );
      assert(this.member);
    }
    assert(this.underway.length <= 1, "two actions at a time");
  }

  /** The action under way ends, well or badly. */
  finish(well: boolean): void {
    const action = this.underway.pop();
    if (action?.type === "start") this.#finishStart(well);
    if (action?.type === "stop") {
      if (well) this.running.delete(action.id);
      this.apply(
        well
          ? { type: "stopped", id: action.id }
          : { type: "stop-failed", id: action.id, message: "no" },
      );
    }
    if (action?.type === "drain") this.apply({ type: "drained", id: action.id });
  }

  #finishStart(well: boolean): void {
    if (!well) return this.apply({ type: "start-failed", message: "no", kind: "failed" });
    const id = `i${++this.#ids}`;
    // A start clears away whatever is left of the name.
    this.running.clear();
    this.running.add(id);
    const instance: Instance = {
      id,
      name: "S",
      address: { hostname: "127.0.0.1", port: 1 },
      startedAt: this.now,
    };
    this.apply({ type: "started", instance });
  }

  get id(): string {
    return this.member?.instance?.id ?? "none";
  }

  pass(ms: number): void {
    this.now += ms;
    this.apply({ type: "tick" });
  }

  /** Nothing bad happens any more: actions end well, heartbeats pass, deadlines come. */
  calmDown(): void {
    this.engineUp = true;
    for (let round = 0; round < 20 && this.member?.phase !== "ready"; round++) {
      this.settle();
      this.finish(true);
      if (this.running.has(this.id)) this.apply({ type: "probe", id: this.id });
      const deadline = this.member ? nextDeadline([this.member], this.now, policy) : Infinity;
      if (deadline !== Infinity) this.pass(deadline - this.now);
    }
  }
}

const step = fc.constantFrom(
  "pass",
  "miss",
  "exit",
  "refused",
  "reset",
  "stale",
  "finish well",
  "finish badly",
  "time",
  "away",
  "back",
);

function take(world: World, what: string): void {
  const id = world.id;
  switch (what) {
    case "pass":
      return world.apply({ type: "probe", id });
    case "miss":
      return world.apply({ type: "probe", id, reason: "x" });
    case "exit":
      world.running.delete(id);
      return world.apply({ type: "exit", id, reason: "x" });
    case "refused":
    case "reset":
      return world.apply({ type: "evidence", id, kind: what });
    case "stale":
      return world.apply({ type: "exit", id: "i0", reason: "x" });
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

Deno.test("whatever happens, one action runs at a time, nothing in the view is stopped, and quiet heals", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      world.settle();
      for (const what of steps) take(world, what);
      world.calmDown();
      assertEquals(world.member?.phase, "ready");
      assertEquals([...world.running], [world.id]);
    }),
    { seed: 20261123, numRuns: 2000 },
  );
});

Deno.test("whatever happened, a replica that is removed ends up gone with nothing running", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      world.settle();
      for (const what of steps) take(world, what);
      world.engineUp = true;
      world.apply({ type: "leave" });
      for (let round = 0; round < 20 && world.member; round++) {
        world.settle();
        world.finish(true);
        world.pass(2000);
      }
      assertEquals(world.member, undefined);
      assertEquals([...world.running], []);
    }),
    { seed: 20261123, numRuns: 2000 },
  );
});
