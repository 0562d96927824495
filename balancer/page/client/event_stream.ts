/**
 * The balancer's events as they happen. `EventSource` does not tell the past on its first
 * connection, nor notice a connection that died without a word; this does both.
 *
 * @module
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { FleetEvent } from "../../answers/event.ts";

/** The balancer says something every 10 s at least. */
const SILENCE_MS = 25_000;
const RETRY_MS = 1000;

/** Who is told. */
export interface Listener {
  event(event: FleetEvent): void;
  /** The stream came up or broke. */
  link(up: boolean): void;
  /** The balancer refused it. */
  refused(status: number): void;
  /** Resolves when the balancer may be asked. */
  admitted(): Promise<void>;
}

/** A stream of events that connects again where it left off. */
export class EventStream {
  readonly #listener: Listener;
  readonly #headers: () => Record<string, string>;
  #lastId = 0;
  #connection: AbortController | undefined;

  /**
   * @param listener who is told
   * @param headers fields of each request
   */
  constructor(listener: Listener, headers: () => Record<string, string>) {
    this.#listener = listener;
    this.#headers = headers;
  }

  /** Connects, and again when it breaks, for as long as the page is there. */
  async run(): Promise<never> {
    for (;;) {
      await this.#listener.admitted();
      await this.#connect();
      this.#listener.link(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** The balancer began anew and counts from 1: so does this. */
  restart(): void {
    this.#lastId = 0;
    this.#connection?.abort();
  }

  /** Ends when the stream does, however that is: it is only ever tried again. */
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
      if (!response.ok || !response.body) return this.#listener.refused(response.status);
      this.#listener.link(true);
      await this.#read(response.body, alive);
    } catch {
      // A refused or broken connection is shown as such by `link`.
    } finally {
      clearTimeout(watch);
    }
  }

  #request(signal: AbortSignal): Promise<Response> {
    const headers = { ...this.#headers(), "last-event-id": String(this.#lastId) };
    return fetch("events", { headers, signal, cache: "no-store" });
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
      const event: FleetEvent = JSON.parse(next.value.data);
      this.#lastId = event.id;
      this.#listener.event(event);
    }
  }
}
