import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EngineError } from "../engine/engine.ts";
import type { View } from "../view.ts";
import { isRingOf, ringOf, type RingSpec, sameRingSpec } from "./spec/ring_spec.ts";
import { applied, type ChangeRequest } from "./spec/change.ts";
import { FleetHarness } from "./harness.ts";
import { ChangeError, Membership } from "./operations/membership.ts";
import { resolve } from "./spec/resolve.ts";
import { ChangeLock } from "./operations/change_lock.ts";

const SLOW_START_MS = 1000;
const LONGEST_BACKOFF_MS = 30_000;

/** A fleet with a random history, and its invariants. */
class History {
  readonly #harness: FleetHarness;
  readonly #membership: Membership;

  private constructor(harness: FleetHarness) {
    this.#harness = harness;
    const { fleet, clock } = harness;
    const now = () => clock.now();
    this.#membership = new Membership({
      fleet,
      changeLock: new ChangeLock(),
      changeable: true,
      now,
    });
  }

  static async begin(slowStartMs: number): Promise<History> {
    const harness = new FleetHarness({ slowStartMs, spares: 1, startsPerMinute: 1e6 });
    return new History(await harness.open());
  }

  async end(): Promise<void> {
    await this.#harness.fleet.close();
    assertEquals(this.#harness.failures.actions.filter((action) => action === "fleet.step"), []);
  }

  /** Kills one replica. Neither its death nor its replacement moves slots. */
  async die(at: number): Promise<void> {
    const { fleet, engine, clock } = this.#harness;
    const names = this.#membership.names();
    const { ring } = fleet.view;
    const { length } = this.#views;
    engine.fail(names[at % Math.max(1, names.length)] ?? "");
    await clock.turn(0);
    for (const view of this.#views.slice(length)) {
      assertEquals(view.ring, ring, "health moved slots");
    }
  }

  /** Lets time pass, in which steps of slow starts may fall. */
  async pass(ms: number): Promise<void> {
    await this.#harness.clock.turn(ms);
  }

  /** Requests a change, with or without a plan; a start may fail. */
  async change(request: ChangeRequest, planned: boolean, fails: boolean): Promise<void> {
    const { fleet, engine, clock } = this.#harness;
    const before = fleet.ringSpec;
    const expected = this.#expected(request);
    const { length } = this.#views;
    if (fails) engine.failNextStart(new EngineError("failed", "no memory"));
    const outcome = this.#ask(request, planned).then(() => "done", kindOf);
    await clock.turn(1);
    await clock.turn(50);
    const result = await outcome;
    const rings = new Set(
      [...this.#views.slice(length)].map(({ ring }) => specKey(ring.options)),
    );
    if (result === "done") {
      assert(expected && sameRingSpec(fleet.ringSpec, expected), "done is what was asked for");
    } else {
      assert(sameRingSpec(fleet.ringSpec, before), `half done: ${result}`);
      assert(result === "not-ready" || !expected, `refused without reason: ${result}`);
    }
    assert(rings.size <= 1 + this.#steps(50), `${rings.size} rings for one change`);
  }

  /**
   * Waits for the end of all slow starts, then checks that the ring depends on names, weights and
   * shape only.
   */
  async settle(): Promise<void> {
    const { fleet, clock } = this.#harness;
    await clock.turn(LONGEST_BACKOFF_MS + SLOW_START_MS);
    const { ringSpec, view: { ring } } = fleet;
    assertEquals(ring.digest, ringOf(ringSpec).digest);
    assertEquals([...fleet.view.ready.values()].map(({ ramp }) => ramp).filter(Boolean), []);
  }

  check(): void {
    const { fleet } = this.#harness;
    const versions = this.#views.map(({ version }) => version);
    assertEquals(versions, versions.map((_, at) => at + versions[0]!));
    assertEquals(fleet.view, this.#views.at(-1));
    if (fleet.policy.slowStartMs === 0) assert(isRingOf(fleet.view.ring, fleet.ringSpec));
    assertEquals([...fleet.view.ring.members].sort(), this.#membership.names().sort());
  }

  get #views(): readonly View[] {
    return this.#harness.plane.views;
  }

  /** Returns the number of slow-start steps that may fall into a time. */
  #steps(ms: number): number {
    const { slowStartMs } = this.#harness.fleet.policy;
    return slowStartMs === 0
      ? 0
      : Math.ceil(ms / (slowStartMs / 10)) * this.#harness.fleet.members.length;
  }

  #expected(request: ChangeRequest): RingSpec | undefined {
    const { ringSpec, members, limit } = this.#harness.fleet;
    const taken = new Set(members.map(({ name }) => name));
    try {
      return applied(ringSpec, resolve(request, { ringSpec, taken, limit }));
    } catch (error) {
      if (error instanceof ChangeError) return undefined;
      throw error;
    }
  }

  async #ask(request: ChangeRequest, planned: boolean): Promise<unknown> {
    const membership = this.#membership;
    if (planned) return await membership.apply(membership.plan(request).id);
    const { add, hostnames = [], remove = [], weights = {}, ...shape } = request;
    if (add !== undefined) return await membership.add(add, hostnames, weights);
    if (remove.length > 0) return await membership.remove(remove.length, remove);
    if (Object.keys(weights).length > 0) return await membership.weigh(weights);
    return await membership.reshape(shape);
  }
}

function kindOf(error: unknown): string {
  if (error instanceof ChangeError) return error.kind;
  throw error;
}

function specKey(options: object): string {
  return JSON.stringify(options);
}

const NAMES = ["Server1", "Server2", "Server3", "Server4", "a", "b"];
const names = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 });
const weights = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.constantFrom(0, 0, 0.5, 1, 3, 1000),
  { maxKeys: 3, noNullPrototype: true },
);
const shape = fc.record({
  slots: fc.constantFrom(3, 64, 500, 512),
  virtualServers: fc.constantFrom(1, 9, 40),
  layout: fc.constantFrom("even", "ring", "rendezvous"),
  hashes: fc.constantFrom("fibonacci", "seed"),
}, { requiredKeys: [] });
const one = fc.oneof(
  names.map((hostnames): ChangeRequest => ({ add: hostnames.length + 1, hostnames })),
  names.map((remove): ChangeRequest => ({ remove })),
  weights.map((weights): ChangeRequest => ({ weights })),
  shape as fc.Arbitrary<ChangeRequest>,
);
const all = fc.tuple(names, names, weights, shape).map(
  ([hostnames, remove, weights, shape]): ChangeRequest => ({
    hostnames,
    remove,
    weights,
    ...shape as ChangeRequest,
  }),
);
const step = fc.oneof(
  fc.tuple(one, fc.boolean(), fc.boolean()).map(([request, planned, fails]) => (history: History) =>
    history.change(request, planned, fails)
  ),
  fc.tuple(all, fc.boolean()).map(([request, fails]) => (history: History) =>
    history.change(request, true, fails)
  ),
  fc.nat(5).map((at) => (history: History) => history.die(at)),
  fc.constantFrom(1, 99, 150).map((ms) => (history: History) => history.pass(ms)),
);

for (const slowStartMs of [0, SLOW_START_MS]) {
  Deno.test(`for every history of changes and deaths, a change is one view and all or nothing, and the ring depends on names, weights and shape only (slow start ${slowStartMs} ms)`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        const history = await History.begin(slowStartMs);
        for (const take of steps) {
          await take(history);
          history.check();
        }
        await history.settle();
        await history.end();
      }),
      { seed: 20261123, numRuns: 150 },
    );
  });
}
