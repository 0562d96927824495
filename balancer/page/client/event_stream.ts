/**
 * The balancer's events. `EventSource` neither requests past events on its first connection nor
 * notices a dead connection; this class does both.
 *
 * @module
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { refusalOf } from "./api.ts";
import type { FleetEvent } from "../../answers/event.ts";
import type { StatusChange, StreamedEvent } from "../../answers/status_change.ts";

/** The balancer sends at least one message every 10 s. */
const SILENCE_MS = 25_000;
const RETRY_MS = 1000;

/** Callbacks of the stream. */
export interface Listener {
  event(event: FleetEvent): void;
  /** The first change after a connection is the whole status. */
  status(change: StatusChange): void;
  /** The stream connected or broke. */
  link(up: boolean): void;
  /** The balancer refused the request, with this message. */
  refused(status: number, message: string): void;
  /** Resolves when the balancer may be called. */
  admitted(): Promise<void>;
}

/** An event stream that reconnects and resumes after the last event. */
export class EventStream {
  readonly #listener: Listener;
  readonly #headers: () => Record<string, string>;
  #lastId = 0;
  #connection: AbortController | undefined;

  /**
   * @param listener the callbacks
   * @param headers header fields of each request
   */
  constructor(listener: Listener, headers: () => Record<string, string>) {
    this.#listener = listener;
    this.#headers = headers;
  }

  /** Connects, and reconnects while the page is open. */
  async run(): Promise<never> {
    for (;;) {
      await this.#listener.admitted();
      await this.#connect();
      this.#listener.link(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** After a restart the balancer counts from 1, so the client does too. */
  restart(): void {
    this.#lastId = 0;
    this.reconnect();
  }

  /** Gives the present connection up, and connects again. */
  reconnect(): void {
    this.#connection?.abort();
  }

  /** Ends with the stream, for any reason: every end leads to a reconnect. */
  async #connect(): Promise<void> {
    const connection = this.#connection = new AbortController();
    let watch = 0;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => connection.abort(), SILENCE_MS);
    };
    alive();
    try {
      const response = await this.#request(connection.signal);
      if (!response.ok || !response.body) {
        return this.#listener.refused(response.status, await refusalOf(response));
      }
      this.#listener.link(true);
      await this.#read(response.body, alive);
    } catch {
      // A refused or broken connection is shown by `link`.
    } finally {
      clearTimeout(watch);
    }
  }

  #request(signal: AbortSignal): Promise<Response> {
    const headers = { ...this.#headers(), "last-event-id": String(this.#lastId) };
    return fetch("events?status=true", { headers, signal, cache: "no-store" });
  }

  async #read(body: ReadableStream<Uint8Array>, alive: () => void): Promise<void> {
    const text = body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, out) {
          alive();
          out.enqueue(chunk);
        },
      }),
    ).pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
    const reader = text.pipeThrough(new EventSourceParserStream()).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const event: StreamedEvent = JSON.parse(next.value.data);
      if (event.type === "status") this.#listener.status(event);
      else {
        this.#lastId = event.id;
        this.#listener.event(event);
      }
    }
  }
}
