/**
 * A connection whose first bytes show its protocol: HTTP/2 with prior knowledge, or HTTP/1.1 (RFC
 * 9113, section 3.3).
 *
 * @module
 */
import { PREFACE } from "../http2/frame.ts";
import type { Connection } from "../transport/connection.ts";
import type { ConnectionListener } from "../transport/connection_events.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { ClientHost, OpenClient } from "./open_client.ts";
import type { StreamOrigin } from "./stream_client.ts";

/** The first line of the preface: no request of HTTP/1.1 begins like it. */
const FIRST_LINE = PREFACE.subarray(0, 16);

/** A connection before its protocol is known. */
export class ProtocolChoice implements OpenClient, ConnectionListener {
  readonly address: string;
  readonly trusted: boolean;
  readonly deadlineAt: number;
  readonly #deadlines: Pick<Deadlines, "now" | "in">;
  readonly #startedAt: number;
  readonly #transport: Connection;
  readonly #onChoice: (http2: boolean) => void;
  #host: ClientHost | undefined;

  /**
   * @param wire the connection
   * @param origin facts about it
   * @param deadlines the clock
   * @param ms when the connection is closed without a choice
   * @param onChoice receives the choice; the bytes are not used
   */
  constructor(
    wire: Connection,
    { address, trusted }: StreamOrigin,
    deadlines: Pick<Deadlines, "now" | "in">,
    ms: number,
    onChoice: (http2: boolean) => void,
  ) {
    this.#transport = wire;
    this.address = address;
    this.trusted = trusted;
    this.#deadlines = deadlines;
    this.#startedAt = deadlines.now;
    this.deadlineAt = deadlines.in(ms);
    this.#onChoice = onChoice;
  }

  get waitedMs(): number {
    return this.#deadlines.now - this.#startedAt;
  }

  /** Reads until the protocol shows. @param host receives the end without one */
  run(host: ClientHost): void {
    this.#host = host;
    this.#transport.watcher = this;
    if (this.#transport.unread > 0) this.onData(true);
    else this.#transport.startRead();
  }

  onData(more: boolean): void {
    if (!more) return this.close();
    const { bytes, start, unread } = this.#transport;
    const length = Math.min(unread, FIRST_LINE.length);
    for (let i = 0; i < length; i++) {
      if (bytes[start + i] !== FIRST_LINE[i]) return this.#onChoice(false);
    }
    if (length === FIRST_LINE.length) this.#onChoice(true);
    else this.#transport.startRead();
  }

  onBreak(): void {
    this.close();
  }

  onWritten(): void {}
  onWriteError(): void {}

  onDeadline(): void {
    this.close();
  }

  /** Nothing was asked yet. */
  drain(): void {
    this.close();
  }

  cut(): void {
    this.close();
  }

  close(): void {
    this.#transport.close();
    const host = this.#host;
    this.#host = undefined;
    host?.left(this);
  }
}
