/**
 * Clients that have ended their side. Such a client may still read, and is served. A client that
 * closed its connection fully looks the same until it answers bytes with a reset; a read no longer
 * shows that.
 *
 * @module
 */
import type { Expiring } from "../transport/deadlines.ts";
import type { ClientConnection } from "./client_connection.ts";

/** Checks with each tick of the deadlines whether a reset has arrived. */
export class HalfClosed implements Expiring {
  /** Always due. */
  readonly deadlineAt = -Infinity;
  readonly #client: ClientConnection;
  #probing = false;

  /** @param client a client whose side has ended */
  constructor(client: ClientConnection) {
    this.#client = client;
  }

  onDeadline(): void {
    if (this.#probing) return;
    this.#probing = true;
    this.#client.transport.probe().then((alive) => {
      this.#probing = false;
      if (!alive) this.#client.left();
    });
  }
}
