/**
 * The end of a connection whose client may still be sending. A server that closes such a connection
 * at once resets it, and the reset may destroy a response that the client has not read yet; so the
 * bytes are read for a while, and dropped (RFC 9112, section 9.6).
 *
 * @module
 */
import type { LingerSettings } from "../settings.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Connection } from "./connection.ts";

/** The remaining time and bytes for one connection. */
export class DropBudget {
  readonly #deadlines: Pick<Deadlines, "in">;
  readonly #readMs: number;
  readonly #until: number;
  #bytes: number;

  /**
   * @param deadlines the clock
   * @param settings the limits
   */
  constructor(deadlines: Pick<Deadlines, "in">, settings: LingerSettings) {
    this.#deadlines = deadlines;
    this.#readMs = settings.readMs;
    this.#until = deadlines.in(settings.totalMs);
    this.#bytes = settings.bytes;
  }

  /** Deadline of the next bytes, by the clock of the deadlines. */
  deadline(): number {
    return Math.min(this.#deadlines.in(this.#readMs), this.#until);
  }

  /** Counts dropped bytes. @returns whether more may be read */
  drop(bytes: number): boolean {
    this.#bytes -= bytes;
    return this.#bytes > 0;
  }
}

/**
 * Ends this side, and reads and drops the bytes that the client still sends.
 *
 * @param transport the connection; no reader of it may be held, and the caller closes it
 * @param budget limits of the reading
 * @param expect receives the deadline of the next read, at which the caller closes the connection
 * @throws {Disconnected} the connection broke or was closed
 */
export async function linger(
  transport: Connection,
  budget: DropBudget,
  expect: (deadlineAt: number) => void,
): Promise<void> {
  expect(budget.deadline());
  await transport.closeWrite();
  using reader = transport.reader();
  do {
    // One read filled the buffer: it is too small for the rest.
    if (transport.end === transport.bytes.length) transport.makeRoom();
    transport.start = transport.end;
    expect(budget.deadline());
  } while (await reader.read() && budget.drop(transport.unread));
}
