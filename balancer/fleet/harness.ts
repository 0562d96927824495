/**
 * A fleet for tests: an engine in memory, a clock that is turned by hand, heartbeats that can fail.
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

/** The ring's shape unless a test changes it. */
export const TEST_SHAPE: RingShape = {
  slots: 512,
  virtualServers: 9,
  layout: "even",
  hashes: "fibonacci",
};

/** A fleet on an engine in memory, a clock that is turned by hand and heartbeats that can fail. */
export class FleetHarness {
  readonly engine: MemoryEngine;
  readonly clock = new TestClock();
  readonly plane = new TestDataPlane();
  readonly failures = new TestFailures();
  /** Hosts, of those that are sick, where nobody listens. */
  readonly deaf = new Set<string>();
  /** Hosts whose heartbeats are missed. */
  readonly sick = new Set<string>();
  readonly fleet: Fleet;
  /** The name that the last heartbeat of each host said. */
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

  /** An engine whose instances listen at hosts that are called as their names at their start. */
  static memory(): MemoryEngine {
    return new MemoryEngine((name) => ({ hostname: name, port: 1 }));
  }

  /** Opens it and waits until its first heartbeats have passed. */
  async open(): Promise<this> {
    await this.fleet.open();
    await this.clock.turn(1);
    return this;
  }

  /** A replica by its name. */
  member(name: string): Member | undefined {
    return this.fleet.members.find((member) => member.name === name);
  }
}
