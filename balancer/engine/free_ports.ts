/**
 * Ports for child processes.
 *
 * @module
 */

/**
 * Below the kernel's range for outgoing connections (32768 and up on Linux): such a connection
 * could take a port between the check here and the child's bind.
 */
const FIRST = 18_000;
const COUNT = 12_000;

/** Allocates ports on which no program listens, each to one holder at a time. */
export class FreePorts {
  readonly #hostname: string;
  readonly #taken = new Set<number>();
  /** Random, so that two balancers on one machine rarely try the same ports. */
  #next = Math.floor(Math.random() * COUNT);

  /** @param hostname address that the holder listens on */
  constructor(hostname: string) {
    this.#hostname = hostname;
  }

  /**
   * Returns a port and reserves it until it is given back.
   *
   * @throws {Error} all ports are in use
   */
  take(): number {
    for (let tries = 0; tries < COUNT; tries++) {
      const port = FIRST + this.#next++ % COUNT;
      if (this.#taken.has(port) || !this.#isFree(port)) continue;
      this.#taken.add(port);
      return port;
    }
    throw new Error(`no free port from ${FIRST} to ${FIRST + COUNT - 1} on ${this.#hostname}`);
  }

  /** Releases a port. */
  giveBack(port: number): void {
    this.#taken.delete(port);
  }

  #isFree(port: number): boolean {
    try {
      Deno.listen({ hostname: this.#hostname, port }).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return false;
      throw error;
    }
  }
}
