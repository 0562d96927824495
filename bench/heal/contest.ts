/**
 * The contestants take turns: each is started, loaded, struck again and again, and ended.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { now, pass } from "../harness/clock.ts";
import { BrokenOff } from "../harness/connection.ts";
import { Missing } from "../harness/machine.ts";
import { chance } from "../harness/random.ts";
import type { Contestant, Running } from "./contestant.ts";
import { homesOf, MixedLoad } from "./mixed_load.ts";
import { WrongAnswer } from "./requests.ts";
import type { Column } from "./result.ts";
import type { Room } from "./room.ts";
import { type Strike, strikeAll, withRecords } from "./strikes.ts";
import { type Observed, summarize } from "./summary.ts";

/** The failures of a contestant. */
interface Turn {
  readonly strike: Strike;
  readonly count: number;
  /** Milliseconds of load before the first failure. */
  readonly quietMs: number;
  /** Milliseconds that a replica has to have been in the ring before it is struck again. */
  readonly restMs: number;
}

/** Milliseconds between two looks of {@linkcode LagMeter}. */
const EVERY_MS = 10;

/** One contestant's turn. */
export async function compete(contestant: Contestant, room: Room, turn: Turn): Promise<Column> {
  const { name, about, kind } = contestant;
  return await columnOf({ name, about, kind }, room.signal, async () => {
    const observed = await observe(contestant, room, turn);
    return { ...summarize(observed), struck: observed.struck };
  });
}

/**
 * The column of a measurement. An error of the contestant that ends it early is noted.
 *
 * @param contestant its names
 * @param signal aborted when the run is to end early
 * @param measure the measurement
 */
export async function columnOf(
  { name, about, kind }: Pick<Column, "name" | "about" | "kind">,
  signal: AbortSignal,
  measure: () => Promise<Pick<Column, "values" | "losses" | "struck">>,
): Promise<Column> {
  printError(`${name}: ${about}`);
  try {
    return { name, about, kind, ...await measure() };
  } catch (error) {
    signal.throwIfAborted();
    if (!isFault(error)) throw error;
    printError(`${name}: ${error.message}`);
    return { name, about, kind, values: {}, losses: [], fault: error.message };
  }
}

/** Whether an error is the contestant's. */
function isFault(error: unknown): error is Error {
  return [Missing, ToolError, BrokenOff, WrongAnswer].some((kind) => error instanceof kind);
}

async function observe(contestant: Contestant, room: Room, turn: Turn): Promise<Observed> {
  await using running = await contestant.start(room);
  const homes = await homesOf(running.port);
  const { outcomes, lags, struck } = await underLoad(contestant, running, room, turn);
  const homesAfter = await homesOf(running.port);
  const traceOf = (id: string) => room.collector.trace(id);
  return { outcomes, lags, struck, homes, homesAfter, traceOf };
}

async function underLoad({ name, rest = 0 }: Contestant, running: Running, room: Room, turn: Turn) {
  const { seed, signal, run } = room;
  await using load = new MixedLoad(running.port, `${run}-${name}`, seed);
  using meter = new LagMeter();
  await pass(turn.quietMs, signal);
  const restMs = Math.max(turn.restMs, 1000 * rest);
  const struck = await strikeAll(running, { ...turn, restMs, draw: chance(seed), signal });
  await pass(turn.quietMs, signal);
  await load.stop();
  const { outcomes } = load;
  return { outcomes, lags: meter.lags, struck: await withRecords(struck, running) };
}

/** Measures how late timers of the bench itself are, which must not count as the contestant's. */
class LagMeter implements Disposable {
  /** Milliseconds, one for each look. */
  readonly lags: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #last = now();

  constructor() {
    this.#timer = setInterval(() => {
      const time = now();
      this.lags.push(Math.max(0, time - this.#last - EVERY_MS));
      this.#last = time;
    }, EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
