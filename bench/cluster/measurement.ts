/**
 * The parts of a run, in the order of their worth: a run that ends early has the first ones.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { change } from "./agreement.ts";
import type { Contestant } from "./contestant.ts";
import { costs } from "./costs.ts";
import { NO_FAULTS, plus } from "./faults.ts";
import { keysOf } from "./keys.ts";
import { Own } from "./own.ts";
import type { Figures, Kind, System } from "./result.ts";
import { killReplica, NO_STRIKES, powerOff, type Strikes, together } from "./strikes.ts";
import { SwarmHaproxy } from "./swarm_haproxy.ts";

/** Counts of failures, and the time of a run. */
interface Counts {
  readonly kills: number;
  readonly offs: number;
  readonly leaderOffs: number;
  readonly peerOffs: number;
  readonly changes: number;
  /** No part begins after this time. */
  readonly minutes: number;
}

/** The figures so far, and the parts that failed. */
interface Progress {
  readonly figures: Figures;
  readonly faults: readonly string[];
}

/** Spares of our balancers: two, so that one of them is on another machine than the one that fails. */
const SPARES = 2;

/** A part of a run. */
interface Part {
  readonly about: string;
  readonly measure: () => Promise<void>;
}

/** One run. */
export class Measurement {
  readonly #counts: Counts;
  readonly #signal: AbortSignal;
  readonly #begin = performance.now();
  readonly #faults: string[] = [];
  #figures: Figures = {
    strikes: { own: {}, spares: {}, peer: {} },
    costs: {},
    keys: {},
    faults: NO_FAULTS,
  };

  /**
   * @param counts how many failures
   * @param signal aborted when the run is to end early
   */
  constructor(counts: Counts, signal: AbortSignal) {
    this.#counts = counts;
    this.#signal = signal;
  }

  /** Runs all parts; a part that fails does not take the others' figures with it. */
  async *parts(): AsyncGenerator<Progress> {
    for (const { about, measure } of this.#plan()) {
      if (this.#isOver()) break;
      printError(`\n${this.#time()} ${about}`);
      try {
        await measure();
      } catch (error) {
        if (!this.#signal.aborted) this.#faults.push(`${about}: ${messageOf(error)}`);
      }
      yield { figures: this.#figures, faults: this.#faults };
    }
  }

  #plan(): Part[] {
    const { kills, offs, leaderOffs, peerOffs } = this.#counts;
    const of = (about: string, measure: () => Promise<void>) => ({ about, measure });
    const off = (system: System, kind: "follower" | "leader", turn: number) =>
      of(
        `${NAMES[system]}, ${ABOUT[kind]}, number ${turn + 1}`,
        () => this.#powerOff(system, kind),
      );
    const turns = Array.from({ length: Math.max(offs, leaderOffs, peerOffs) }, (_, turn) => turn);
    return [
      ...SYSTEM_LIST.map((system) =>
        of(`${NAMES[system]}, ${kills} kills`, () => this.#kills(system))
      ),
      ...turns.flatMap((turn) => [
        ...(turn < leaderOffs ? [off("own", "leader", turn), off("spares", "leader", turn)] : []),
        ...(turn < offs ? [off("own", "follower", turn)] : []),
        ...(turn < leaderOffs ? [off("spares", "follower", turn)] : []),
        ...(turn < peerOffs ? [off("peer", "follower", turn), off("peer", "leader", turn)] : []),
      ]),
    ];
  }

  async #kills(system: System): Promise<void> {
    await using contestant = await this.#start(system);
    await this.#atRest(system, contestant);
    for (let turn = 0; turn < this.#counts.kills && !this.#isOver(); turn++) {
      printError(`${this.#time()} ${NAMES[system]}, kill ${turn + 1} of ${this.#counts.kills}`);
      this.#add(system, "kill", await killReplica(contestant, turn));
    }
    await this.#check(contestant);
  }

  async #powerOff(system: System, kind: "follower" | "leader"): Promise<void> {
    await using contestant = await this.#start(system);
    this.#add(system, kind, await powerOff(contestant, kind === "leader"));
    await this.#check(contestant);
  }

  /** Measures everything that needs no failure. */
  async #atRest(system: System, contestant: Contestant): Promise<void> {
    const keys = await keysOf(contestant.fronts);
    const rest = await costs(await contestant.pids());
    this.#figures = {
      ...this.#figures,
      keys: { ...this.#figures.keys, [system]: keys },
      costs: { ...this.#figures.costs, [system]: rest },
    };
    if (system !== "own" || !(contestant instanceof Own)) return;
    printError(`${this.#time()} ${this.#counts.changes} changes of the ring`);
    this.#figures = {
      ...this.#figures,
      agreement: await change(contestant, this.#counts.changes),
    };
  }

  async #check(contestant: Contestant): Promise<void> {
    if (!(contestant instanceof Own)) return;
    const faults = plus(this.#figures.faults, await contestant.faults());
    this.#figures = { ...this.#figures, faults };
  }

  #start(system: System): Promise<Contestant> {
    if (system === "peer") return SwarmHaproxy.start(this.#signal);
    return Own.start(system === "spares" ? SPARES : 0, this.#signal);
  }

  #add(system: System, kind: Kind, strikes: Strikes): void {
    const before = this.#figures.strikes[system];
    const all = { ...before, [kind]: together([before[kind] ?? NO_STRIKES, strikes]) };
    this.#figures = { ...this.#figures, strikes: { ...this.#figures.strikes, [system]: all } };
  }

  #isOver(): boolean {
    return this.#signal.aborted || this.#minutes() >= this.#counts.minutes;
  }

  #minutes(): number {
    return (performance.now() - this.#begin) / 60_000;
  }

  #time(): string {
    return `${this.#minutes().toFixed(1)} min:`;
  }
}

const SYSTEM_LIST: readonly System[] = ["own", "spares", "peer"];

const NAMES: Readonly<Record<System, string>> = {
  own: "ringkeeper",
  spares: "ringkeeper with spares",
  peer: "HAProxy and Swarm",
};

const ABOUT = {
  follower: "a machine loses power",
  leader: "the machine of Swarm's leader loses power",
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
