/**
 * `deno task experiments`: what the seed document measures, and more, against the real balancer.
 *
 * @module
 */
import { takeLock } from "../../tools/up/lock.ts";
import { complain, say } from "../../tools/print.ts";
import { runTool } from "../../tools/tool.ts";
import { now } from "../harness/clock.ts";
import { interruptible } from "../harness/interruption.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import { PngMaker } from "../harness/png.ts";
import { distribution } from "./a1.ts";
import { growth } from "./a2.ts";
import { failure } from "./a3.ts";
import { movement } from "./a4.ts";
import { boundedLoad } from "./b1.ts";
import { weights } from "./b2.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import type { Kept, Part } from "./part.ts";
import { reportOf } from "./report.ts";
import { openRoom, type Room } from "./room.ts";
import { Store } from "./store.ts";
import { stress } from "./stress.ts";

const PARTS: readonly Part[] = [
  distribution,
  growth,
  failure,
  movement,
  stress,
  boundedLoad,
  weights,
];

async function main(): Promise<void> {
  const options = readOptions(Deno.args, PARTS.map(({ name }) => name));
  if (options.help) return say(HELP);
  using _lock = await takeLock("experiments");
  const store = new Store(options.out);
  if (!options.report) await runParts(options, store);
  complain(`wrote ${await writeReport(store)}`);
}

async function runParts(options: Options, store: Store): Promise<void> {
  await using room = await openRoom(options, interruptible());
  const { only } = options;
  const chosen = PARTS.filter(({ name }) => only.length === 0 || only.includes(name));
  for (const part of chosen) {
    complain(`${part.name}: ${part.title}`);
    const kept = await runPart(part, room);
    await store.save(part, kept);
    complain(`${part.name}: ${kept.seconds} s`);
  }
}

async function runPart(part: Part, room: Room): Promise<Kept> {
  const start = now();
  const common = {
    part: part.name,
    date: new Date().toISOString(),
    engine: part.engine ?? room.engine,
    version: await ownVersion(),
    machine: await describeMachine(),
  };
  const data = await part.measure(room);
  return { ...common, seconds: Math.round((now() - start) / 1000), data };
}

/** Draws all charts that there is data for, and writes the report. */
async function writeReport(store: Store): Promise<string> {
  const png = await PngMaker.load();
  const found: [Part, Kept][] = [];
  for (const part of PARTS) {
    const kept = await store.load(part);
    if (!kept) continue;
    await store.draw(part, kept, png);
    found.push([part, kept]);
  }
  return await store.write(reportOf(found));
}

if (import.meta.main) await runTool(main);
