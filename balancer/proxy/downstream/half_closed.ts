/**
 * Clients that have ended their side. Such a client may still listen, and is served. One that has
 * closed its connection altogether looks the same until bytes that it cannot take are answered by a
 * reset; a read does not show that any more.
 *
 * @module
 */
import type { Expiring } from "../transport/deadlines.ts";
import type { ClientConnection } from "./client_connection.ts";

/** Looks with each tick of the deadlines whether a reset has come. */
export class HalfClosed implements Expiring {
  /** Always due. */
  readonly deadlineAt = -Infinity;
  readonly #client: ClientConnection;
  #probing = false;

  /** @param client whose side has ended */
  constructor(client: ClientConnection) {
    this.#client = client;
  }

  onDeadline(): void {
    if (this.#probing) return;
    this.#probing = true;
    this.#client.wire.probe().then((alive) => {
      this.#probing = false;
      if (!alive) this.#client.left();
    });
  }
}
