/**
 * Paths of Unix sockets for child processes.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import type { UnixAddress } from "../view.ts";

/** Allocates paths in one folder, each used once, and removes the socket files. */
export class FreeSockets {
  readonly #folder: string;
  readonly #failures: FailureLog;

  /**
   * @param folder absolute path of an existing folder
   * @param failures records sockets that could not be removed
   */
  constructor(folder: string, failures: FailureLog) {
    this.#folder = folder.replace(/\/+$/, "");
    this.#failures = failures;
  }

  /** Returns an unused path. */
  take(): UnixAddress {
    return { path: `${this.#folder}/${crypto.randomUUID().slice(0, 13)}.sock` };
  }

  /** Removes the socket file of an ended instance, since few servers remove their own. */
  async giveBack({ path }: UnixAddress): Promise<void> {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#failures.record("engine.socket", error);
    }
  }
}
