/**
 * Streams of server-sent events, read as JSON.
 *
 * @module
 */
import { EventSourceParserStream } from "eventsource-parser/stream";

/** Aborts a request that is silent for too long. */
export class SilenceLimit implements Disposable {
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ms = 0;

  /** @param ms milliseconds of silence until the signal aborts */
  constructor(ms: number) {
    this.restart(ms);
  }

  /** Aborts with a `TimeoutError`. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The limit in force, in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** Restarts the silence after received data. */
  restart(ms: number): void {
    clearTimeout(this.#timer);
    this.#ms = ms;
    this.#timer = setTimeout(() => this.#end(), ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#abort.abort(new DOMException("silent for too long", "TimeoutError"));
  }
}

/**
 * Yields the data of each event of a stream, parsed as JSON.
 *
 * @param response the stream
 * @param onBytes called on received data, comments included
 */
export async function* eventData<T>(
  { body }: Response,
  onBytes: () => void = () => {},
): AsyncGenerator<T> {
  if (!body) return;
  const heard = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      onBytes();
      controller.enqueue(chunk);
    },
  });
  const events = body.pipeThrough(heard).pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) yield JSON.parse(data);
}
