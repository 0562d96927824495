/**
 * The messages that balancers of one fleet send each other directly.
 *
 * @module
 */
import { z } from "zod";

/** Most entries of each list in a message. */
export const MAX_ENTRIES = 256;

const id = z.string().min(1).max(256);
const epoch = z.int().min(0);

const report = z.object({
  id,
  host: z.string().max(256),
  pid: epoch,
  epoch,
  digest: z.string().max(256),
  instances: epoch,
  draining: z.array(id).max(100_000),
  sequence: epoch,
  challenges: epoch.exactOptional(),
  addresses: z.array(z.string().max(256)).max(16).exactOptional(),
});

const ended = z.object({ instance: id, reason: z.string().max(4096) });

const message = z.object({
  /** Id of the balancer that the message is for, unique for each of its lives. */
  to: id,
  from: id,
  /** Grows with each message of a sender's life, so that a copy is recognised. */
  number: epoch,
  /** By what the sender routes. */
  report,
  /** Epochs of the values that the sender has just saved, by name. */
  saved: z.record(z.string().max(64), epoch),
  /** Instances about which the sender has evidence of a failure. */
  doubted: z.array(id).max(MAX_ENTRIES),
  /** Instances whose end the sender's engine has reported. */
  ended: z.array(ended).max(MAX_ENTRIES),
});

/** An instance that ended. */
export type EndedInstance = z.infer<typeof ended>;

/** One message. */
export type PeerMessage = z.infer<typeof message>;

/** The text is not a message. */
export class PeerMessageError extends Error {
  override readonly name = "PeerMessageError";
}

/**
 * Reads a message.
 *
 * @param text the message as JSON
 * @throws {PeerMessageError} the text is not a message; the error names the field
 */
export function parsePeerMessage(text: string): PeerMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PeerMessageError("the message is not JSON", { cause });
  }
  const { success, data, error } = message.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new PeerMessageError(`${issue?.path.join(".")}: ${issue?.message}`);
}
