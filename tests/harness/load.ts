/**
 * Steady requests from several clients at once, for tests of changes under load.
 *
 * @module
 */

/** The results of a load so far. */
interface LoadResult {
  /** Requests that a replica answered, by replica name as it calls itself. */
  readonly served: Map<string, number>;
  /** Everything else, in words. */
  readonly failed: string[];
}

/** Requests that go on until they are stopped. */
export class Load {
  readonly result: LoadResult = { served: new Map(), failed: [] };
  readonly #url: string;
  readonly #pauseMs: number;
  readonly #clients: Promise<void>[];
  #running = true;

  /**
   * @param url what to ask for
   * @param clients how many ask at the same time
   * @param pauseMs pause of each client after each request, in milliseconds
   */
  constructor(url: string, clients: number, pauseMs = 0) {
    this.#url = url;
    this.#pauseMs = pauseMs;
    this.#clients = Array.from({ length: clients }, () => this.#client());
  }

  /** Waits for the requests under way. */
  async stop(): Promise<LoadResult> {
    this.#running = false;
    await Promise.all(this.#clients);
    return this.result;
  }

  async #client(): Promise<void> {
    while (this.#running) {
      try {
        const response = await fetch(this.#url);
        this.#note(response.status, await response.text());
      } catch (error) {
        this.result.failed.push(String(error));
      }
      if (this.#pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
  }

  #note(status: number, text: string): void {
    const name = /^\{"message":"Hello from Server: (.*)","status":"successful"\}$/.exec(text)?.[1];
    if (status !== 200 || name === undefined) {
      this.result.failed.push(`${status} ${text}`);
      return;
    }
    this.result.served.set(name, (this.result.served.get(name) ?? 0) + 1);
  }
}

/**
 * Sends requests with ids and counts the responses of each replica.
 *
 * @param url what to ask for
 * @param ids how many requests, with the ids 0, 1, 2, …
 * @param clients how many ask at the same time
 */
export async function countById(
  url: string,
  ids: number,
  clients: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let next = 0;
  const client = async () => {
    for (let id = next++; id < ids; id = next++) {
      const response = await fetch(url, { headers: { "x-request-id": String(id) } });
      const { message } = await response.json();
      counts.set(message, (counts.get(message) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return counts;
}
