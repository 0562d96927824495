/**
 * Clients that hold as many connections as they can, and one that wants to be served meanwhile.
 *
 * @module
 */
import { within } from "./raw.ts";

/** The parameters of a flood. */
export interface FloodOptions {
  /** Where it connects: a port of this machine, or a socket file. */
  readonly to: { readonly port: number } | { readonly path: string };
  /** Bytes sent on each connection; nothing more follows. */
  readonly bytes: string;
  /** How many connections are open, or about to be, at any time. */
  readonly connections: number;
}

/**
 * A flood that goes on until it is stopped, in a thread of its own, so that the event
 * loop of the measuring test is not late.
 */
export class Flood {
  readonly #worker: Worker;

  readonly #begun = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<number>();

  constructor(options: FloodOptions) {
    this.#worker = new Worker(new URL("./flood_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<"begun" | number>) => {
      if (data === "begun") this.#begun.resolve();
      else this.#opened.resolve(data);
    };
    this.#worker.postMessage(options);
  }

  /** Resolves when the first connection is open. */
  begun(): Promise<void> {
    return within("the first connection of a flood", this.#begun.promise, 60_000);
  }

  /** Closes all connections. @returns how many were opened */
  async stop(): Promise<number> {
    this.#worker.postMessage("stop");
    const opened = await within("the end of the flood", this.#opened.promise, 60_000);
    this.#worker.terminate();
    return opened;
  }
}

/** The outcomes of a client's requests. */
export interface Served {
  readonly answered: number;
  /** Answers that were neither 200 nor 503 with Retry-After. */
  readonly wrong: readonly string[];
  /** 503 with Retry-After. */
  readonly busy: number;
  /** The longest wait for an answer, in milliseconds. */
  readonly longestMs: number;
}

/**
 * Sends one request after the other, every second one on a new connection.
 *
 * @param url the URL of each request
 * @param until milliseconds, or a signal, after which no more are sent
 */
export async function serveDuring(url: string, until: number | AbortSignal): Promise<Served> {
  // Another address of this machine than that of the flood.
  const localAddress = "127.0.0.2";
  using kept = Deno.createHttpClient({ localAddress });
  using fresh = Deno.createHttpClient({ localAddress, poolMaxIdlePerHost: 0 });
  const wrong: string[] = [];
  let [answered, busy, longestMs] = [0, 0, 0];
  const signal = typeof until === "number" ? AbortSignal.timeout(until) : until;
  for (let n = 0; !signal.aborted; n++) {
    const begun = performance.now();
    const outcome = await outcomeOf(url, n % 2 === 0 ? kept : fresh);
    longestMs = Math.max(longestMs, performance.now() - begun);
    if (outcome === "200") answered++;
    else if (outcome === "503, again in 1") busy++;
    else wrong.push(outcome);
  }
  return { answered, wrong, busy, longestMs: Math.round(longestMs) };
}

async function outcomeOf(url: string, client: Deno.HttpClient): Promise<string> {
  try {
    const response = await within("an answer", fetch(url, { client }));
    await response.text();
    const again = response.headers.get("retry-after");
    return `${response.status}${again === null ? "" : `, again in ${again}`}`;
  } catch (error) {
    return String(error);
  }
}
