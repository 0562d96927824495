/**
 * The interface by which messages reach other balancers.
 *
 * @module
 */

/** A balancer that messages are sent to. */
export interface PeerAddress {
  /** Id of the balancer, unique for each of its lives. */
  readonly id: string;
  /** Addresses at which it may be reached, `host:port`; the order is that of attempts. */
  readonly addresses: readonly string[];
}

/** Sends and receives authenticated texts. */
export interface PeerTransport {
  /** Addresses at which other balancers may reach this one. */
  readonly addresses: readonly string[];
  /**
   * Sends a text.
   *
   * @throws {Error} the balancer did not accept it in time
   */
  send(to: PeerAddress, text: string): Promise<void>;
  /**
   * Delivers authenticated texts from now on.
   *
   * @param deliver returns false if the text is not for this balancer; throws if it is no message
   */
  listen(deliver: (text: string) => boolean): void;
  /** Sends and delivers nothing any more. */
  close(): void;
}
