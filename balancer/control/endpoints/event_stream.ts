/**
 * Streams of events to clients (Server-Sent Events, HTML standard, section 9.2).
 *
 * @module
 */
import { escapeLateControls } from "../../log/style.ts";
import type { Context } from "hono";
import { type SSEMessage, type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { FleetEvent } from "../../answers/event.ts";
import type { EventLog, EventLogEntry } from "../../fleet/incidents/event_log.ts";
import type { EventStreams } from "../api/event_streams.ts";
import type { StatusFeed } from "../api/status_feed.ts";
import { reportIncident } from "../reports/incident_report.ts";

/** The dependencies of an event stream. */
interface EventStreamParts {
  /** The fleet's event log. */
  readonly eventLog: EventLog;
  /** Ends streams when the balancer ends; otherwise they would use up the drain deadline. */
  readonly ending: AbortSignal;
  /** Counts streams. */
  readonly eventStreams: EventStreams;
  /** The changes of the status. */
  readonly statusFeed: StatusFeed;
}

/** A message: an entry of the log, or a change of the status as JSON. */
type Message = EventLogEntry | string;

/** Milliseconds of silence after which the stream sends a comment, to show that it is alive. */
const ALIVE_MS = 10_000;

/** Limit on entries that wait for a slow client; beyond it the stream ends. */
const MAX_WAITING = 1024;

/**
 * Streams every event of the fleet from now on; with `Last-Event-ID`, the missed events first.
 *
 * @param c the request
 * @param parts the stream's dependencies
 * @param withStatus whether changes of the status are streamed, too
 * @throws {TooManyStreamsError} the limit on streams is reached
 */
export function streamEvents(
  c: Context,
  parts: EventStreamParts,
  withStatus: boolean,
): Response {
  // A response to HEAD has no reader, so its stream would never end.
  if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
  const { eventLog, ending, eventStreams, statusFeed } = parts;
  const leave = eventStreams.enter();
  const lastId = Number(c.req.header("last-event-id") ?? Infinity);
  const waiting: Message[] = Number.isNaN(lastId) ? [] : [...eventLog.since(lastId)];
  return streamSSE(c, async (stream) => {
    let wake = () => {};
    const take = (message: Message) => {
      waiting.push(message);
      wake();
    };
    const forget = eventLog.listen(take);
    let unfollow = () => {};
    const end = () => wake();
    stream.onAbort(end);
    ending.addEventListener("abort", end);
    try {
      if (withStatus) unfollow = statusFeed.follow(take);
      await write(stream, waiting, ending, () => new Promise((resolve) => wake = resolve));
    } finally {
      ending.removeEventListener("abort", end);
      forget();
      unfollow();
      leave();
    }
  });
}

/** An incident looks as in `GET /_lb/incidents`. A change of the status has no place in the log. */
function messageOf(message: Message): SSEMessage {
  if (typeof message === "string") return { event: "status", data: escapeLateControls(message) };
  const { id, type } = message;
  const event: FleetEvent = type === "incident"
    ? { ...message, incident: reportIncident(message.incident) }
    : message;
  return { id: String(id), event: type, data: escapeLateControls(JSON.stringify(event)) };
}

async function write(
  stream: SSEStreamingApi,
  waiting: Message[],
  ending: AbortSignal,
  next: () => Promise<void>,
): Promise<void> {
  while (!stream.aborted && !ending.aborted && waiting.length <= MAX_WAITING) {
    const message = waiting.shift();
    if (message) await stream.writeSSE(messageOf(message));
    else if (!await within(next(), ALIVE_MS)) {
      await stream.write(": alive\n\n");
    }
  }
}

/** @returns whether the stream ended in time */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const done = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
