/**
 * A fleet for tests: in-memory engine, manual clock, heartbeats that fail on demand.
 *
 * @module
 */
import type { Template } from "../engine/engine.ts";
import { MemoryEngine } from "../engine/memory.ts";
import type { RingShape } from "./spec/ring_spec.ts";
import { Fleet } from "./fleet.ts";
import type { Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import type { Probe } from "./health/probe.ts";
import { type FleetStore, NO_STORE } from "./store/store.ts";
import { quietLog, TestClock, TestDataPlane, TestFailures, testPolicy } from "./testing.ts";

/** Ring shape of tests. */
export const TEST_SHAPE: RingShape = {
  slots: 512,
  virtualServers: 9,
  layout: "even",
  hashes: "fibonacci",
};

/** A fleet with an in-memory engine, a manual clock and heartbeats that fail on demand. */
export class FleetHarness {
  readonly engine: MemoryEngine;
  readonly clock = new TestClock();
  readonly plane = new TestDataPlane();
  readonly failures = new TestFailures();
  /** Hosts among `sick` that refuse connections. */
  readonly deaf = new Set<string>();
  /** Hosts whose heartbeats fail. */
  readonly sick = new Set<string>();
  readonly fleet: Fleet;
  /** Name that the last heartbeat of each host carried. */
  readonly named = new Map<string, string>();
  heartbeats = 0;

  constructor(
    policy: Partial<FleetPolicy> = {},
    engine?: MemoryEngine,
    store: FleetStore = NO_STORE,
    shape: RingShape = TEST_SHAPE,
    settings?: Template,
  ) {
    this.engine = engine ?? FleetHarness.memory();
    const probe: Probe = (address, _deadline, _signal, name) => {
      const hostname = "path" in address ? address.path : address.hostname;
      this.heartbeats++;
      if (name !== undefined) this.named.set(hostname, name);
      const miss = { reason: "no answer", refused: this.deaf.has(hostname) };
      return Promise.resolve(this.sick.has(hostname) ? miss : undefined);
    };
    this.fleet = new Fleet({
      engine: this.engine,
      dataPlane: this.plane,
      shape,
      policy: testPolicy(policy),
      desired: 3,
      limit: 6,
      probe,
      clock: this.clock,
      store,
      ...(settings ? { settings } : {}),
      log: quietLog,
      failures: this.failures,
    });
  }

  /** Creates an engine whose instances have their first name as host name. */
  static memory(): MemoryEngine {
    return new MemoryEngine((name) => ({ hostname: name, port: 1 }));
  }

  /** Opens the fleet and waits for its first heartbeats. */
  async open(): Promise<this> {
    await this.fleet.open();
    await this.clock.turn(1);
    return this;
  }

  /** Returns a replica by name. */
  member(name: string): Member | undefined {
    return this.fleet.members.find((member) => member.name === name);
  }
}
