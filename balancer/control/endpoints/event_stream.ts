/**
 * Streams of events to clients (Server-Sent Events, HTML standard, section 9.2).
 *
 * @module
 */
import { escapeLateControls } from "../../log/style.ts";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { FleetEvent } from "../../answers/event.ts";
import type { EventLog, EventLogEntry } from "../../fleet/incidents/event_log.ts";
import type { EventStreams } from "../api/event_streams.ts";
import { reportIncident } from "../reports/incident_report.ts";

/** What streams of events are made of. */
interface EventStreamParts {
  /** What happens to the fleet. */
  readonly journal: EventLog;
  /** Ends streams with the balancer, which would else drain them for as long as it may. */
  readonly ending: AbortSignal;
  /** Counts streams. */
  readonly eventStreams: EventStreams;
}

/** A stream that is silent for so many milliseconds says that it is alive. */
const ALIVE_MS = 10_000;

/** So many entries may wait for a client that reads slowly; then its stream ends. */
const MAX_WAITING = 1024;

/**
 * Every event of the fleet from now on; with `Last-Event-ID`, first those behind that one.
 *
 * @param c the request
 * @param parts what the stream is made of
 * @throws {TooManyStreamsError} there are too many streams
 */
export function streamEvents(c: Context, parts: EventStreamParts): Response {
  // Nobody would ever read the stream, nor end it.
  if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
  const { journal, ending, eventStreams } = parts;
  const leave = eventStreams.enter();
  const lastId = Number(c.req.header("last-event-id") ?? Infinity);
  const waiting: EventLogEntry[] = Number.isNaN(lastId) ? [] : [...journal.since(lastId)];
  return streamSSE(c, async (stream) => {
    let wake = () => {};
    const forget = journal.listen((entry) => {
      waiting.push(entry);
      wake();
    });
    const end = () => wake();
    stream.onAbort(end);
    ending.addEventListener("abort", end);
    try {
      await write(stream, waiting, ending, () => new Promise((resolve) => wake = resolve));
    } finally {
      ending.removeEventListener("abort", end);
      forget();
      leave();
    }
  });
}

/** What a client is told of an entry: of an incident the same as `GET /_lb/incidents` tells. */
function eventOf(entry: EventLogEntry): FleetEvent {
  return entry.type === "incident" ? { ...entry, incident: reportIncident(entry.incident) } : entry;
}

async function write(
  stream: SSEStreamingApi,
  waiting: EventLogEntry[],
  ending: AbortSignal,
  next: () => Promise<void>,
): Promise<void> {
  while (!stream.aborted && !ending.aborted && waiting.length <= MAX_WAITING) {
    const entry = waiting.shift();
    if (entry) {
      const { id, type } = entry;
      await stream.writeSSE({
        id: String(id),
        event: type,
        data: escapeLateControls(JSON.stringify(eventOf(entry))),
      });
    } else if (!await within(next(), ALIVE_MS)) {
      await stream.write(": alive\n\n");
    }
  }
}

/** @returns whether it came to its end in time */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const done = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
