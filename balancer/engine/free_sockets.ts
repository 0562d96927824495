/**
 * Paths of Unix sockets for child processes.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import type { UnixAddress } from "../view.ts";

/** Hands out paths in one folder that no other instance has had, and removes what is left there. */
export class FreeSockets {
  readonly #folder: string;
  readonly #failures: FailureLog;

  /**
   * @param folder absolute path of a folder that exists
   * @param failures told of a socket that could not be removed
   */
  constructor(folder: string, failures: FailureLog) {
    this.#folder = folder.replace(/\/+$/, "");
    this.#failures = failures;
  }

  /** A path that nothing listens on. */
  take(): UnixAddress {
    return { path: `${this.#folder}/${crypto.randomUUID().slice(0, 13)}.sock` };
  }

  /** Removes the socket of an instance that ended: few servers do so themselves. */
  async giveBack({ path }: UnixAddress): Promise<void> {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#failures.record("engine.socket", error);
    }
  }
}
