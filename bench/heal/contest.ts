/**
 * The contestants take turns: each is started, loaded, struck again and again, and ended.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { Missing } from "../harness/missing.ts";
import { BrokenOff } from "../harness/http_connection.ts";
import { takeCensus } from "./census.ts";
import { WrongAnswer } from "./asking.ts";
import { pass } from "../harness/clock.ts";
import type { Contestant, Running } from "./contestant.ts";
import { LagMeter } from "./lag.ts";
import { Load } from "./load.ts";
import { chance } from "../harness/random.ts";
import type { Column } from "./result.ts";
import type { Room } from "./room.ts";
import { type Strike, strikeAll, withRecords } from "./strikes.ts";
import { type Observed, summarize } from "./summary.ts";

/** What is done to a contestant. */
export interface Turn {
  readonly strike: Strike;
  readonly count: number;
  /** Milliseconds of load before the first failure. */
  readonly quietMs: number;
  /** Milliseconds that a replica has to have been in the ring before it is struck again. */
  readonly restMs: number;
}

/** One contestant's turn; what keeps it from its end is noted. */
export async function compete(contestant: Contestant, room: Room, turn: Turn): Promise<Column> {
  const { name, about, kind } = contestant;
  complain(`${name}: ${about}`);
  const column = { name, about, kind, values: {}, losses: [] };
  try {
    const { struck, ...observed } = await observe(contestant, room, turn);
    return { ...column, ...summarize({ struck, ...observed }), struck };
  } catch (error) {
    room.signal.throwIfAborted();
    if (!isFault(error)) throw error;
    complain(`${name}: ${error.message}`);
    return { ...column, fault: error.message };
  }
}

/** Whether an error is the contestant's. */
export function isFault(error: unknown): error is Error {
  return [Missing, ToolError, BrokenOff, WrongAnswer].some((kind) => error instanceof kind);
}

async function observe(contestant: Contestant, room: Room, turn: Turn): Promise<Observed> {
  await using running = await contestant.start(room);
  const homes = await takeCensus(running.port);
  const { load, lags, struck } = await underLoad(contestant, running, room, turn);
  const homesAfter = await takeCensus(running.port);
  const traceOf = (id: string) => room.collector.trace(id);
  return { outcomes: load.outcomes, lags, struck, homes, homesAfter, traceOf };
}

async function underLoad({ name, rest = 0 }: Contestant, running: Running, room: Room, turn: Turn) {
  const { seed, signal, run } = room;
  await using load = new Load(running.port, `${run}-${name}`, seed);
  using meter = new LagMeter();
  await pass(turn.quietMs, signal);
  const restMs = Math.max(turn.restMs, 1000 * rest);
  const plan = { ...turn, restMs, draw: chance(seed), signal };
  const struck = await strikeAll(running, plan);
  await pass(turn.quietMs, signal);
  await load.stop();
  return { load, lags: meter.lags, struck: await withRecords(struck, running) };
}
