import { assertEquals } from "@std/assert";
import { type Member, newMember } from "../member/member.ts";
import { EventLog, type EventLogEntry, type FleetEvent } from "./event_log.ts";

/** The epoch is 1000 ms before the clock's start. */
const CLOCK = { wallClock: (instant: number) => instant + 1000 };

const BEFORE: Member = newMember({ name: "S", joined: true }, 0);
const AFTER: Member = { ...BEFORE, phase: "starting" };

function makeLog() {
  const eventLog = new EventLog(CLOCK);
  const entries: EventLogEntry[] = [];
  const published: string[] = [];
  eventLog.listen((entry) => entries.push(entry));
  eventLog.subscribe(({ type, at }) => published.push(`${type} ${at}`));
  return { eventLog, entries, published };
}

Deno.test("listeners get dates, subscribers get instants of the clock", () => {
  const { eventLog, entries, published } = makeLog();
  const event: FleetEvent = { type: "engine", at: 5, up: true };
  eventLog.add(event);
  assertEquals([entries, published], [[{ ...event, at: 1005, id: 1 }], ["engine 5"]]);
});

Deno.test("of a changed member subscribers get every change, the log only changes of phase", () => {
  const { eventLog, entries, published } = makeLog();
  eventLog.note({ type: "changed", at: 5, before: BEFORE, after: { ...BEFORE, weight: 2 } });
  eventLog.note({ type: "changed", at: 6, before: BEFORE, after: AFTER });
  eventLog.note({ type: "changed", at: 7, before: AFTER, after: undefined });
  assertEquals(
    entries.map((entry) => entry.type === "replica" && [entry.from, entry.to]),
    [["waiting", "starting"], ["starting", "gone"]],
  );
  assertEquals(published, ["changed 5", "replica 6", "changed 6", "replica 7", "changed 7"]);
});

Deno.test("observations are not logged", () => {
  const { eventLog, entries } = makeLog();
  eventLog.note({ type: "applied", at: 5, version: 1 });
  assertEquals([entries, eventLog.since(0)], [[], []]);
});
