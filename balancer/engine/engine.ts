/**
 * What starts and stops instances, behind one interface. The fleet knows nothing else about
 * containers, processes or addresses.
 *
 * @module
 */
import type { Address } from "../view.ts";

/** The engines there are; `LB_ENGINE` chooses one. */
export type EngineKind = "docker" | "process" | "static" | "memory";

/** What runs under a replica's name right now. A replacement is a new instance of the same name. */
export interface Instance {
  /** Never used twice: a container id, a process id with its start, an address. */
  readonly id: string;
  /** The replica's name in the ring. */
  readonly name: string;
  readonly address: Address;
  /** When it was started, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What an engine reports on its own account. */
export type EngineEvent =
  /** An instance ended, whoever ended it. */
  | { readonly type: "exit"; readonly name: string; readonly id: string; readonly reason: string }
  /** The engine cannot be reached. Its instances may be well: nothing is known about them. */
  | { readonly type: "away"; readonly error: EngineError }
  /** The engine answers again. Events may have been missed: list anew. */
  | { readonly type: "back" };

/** Starts, stops, lists and watches instances. */
export interface Engine {
  readonly kind: EngineKind;
  /** False where somebody else runs the instances: then start and stop are `unsupported`. */
  readonly ownsInstances: boolean;
  /**
   * Starts a new instance. It need not answer yet when this resolves. Whatever is left under
   * the same name in this fleet, running or not, is removed first.
   *
   * @param name the replica's name
   * @throws {EngineError} nothing is left half made
   */
  start(name: string): Promise<Instance>;
  /**
   * Asks an instance to end (SIGTERM), ends it for good after the grace, and clears away what is
   * left of it. An instance that is gone already counts as stopped.
   *
   * @param id the instance
   * @param graceMs milliseconds between SIGTERM and SIGKILL; 0 kills at once
   * @throws {EngineError} when the engine could not do it
   */
  stop(id: string, graceMs: number): Promise<void>;
  /** The running instances of this fleet, in order of their start. */
  list(): Promise<readonly Instance[]>;
  /**
   * Reports exits and the engine's own comings and goings from now on.
   *
   * @param listener called for each event, never concurrently with itself
   * @returns resolves once events are being seen, or the engine was reported away; its `close`
   * ends the watch
   */
  watch(listener: (event: EngineEvent) => void): Promise<Watch>;
  /**
   * Gives back what the engine itself holds. Instances that can live without it are left as they
   * are; those that cannot, such as its own child processes, end.
   */
  close(): Promise<void>;
}

/** A running watch. */
export interface Watch {
  close(): void;
}

/** Why an engine could not do what it was asked. */
export type EngineErrorKind =
  /** The image or the command does not exist. Trying again will not help until somebody acts. */
  | "image-missing"
  | "command-missing"
  /** The name belongs to something that is not ours. */
  | "name-taken"
  /** The engine itself cannot be reached. */
  | "away"
  /** This engine does not do that. */
  | "unsupported"
  /** Anything else; the message says what. */
  | "failed";

/** An engine's failure. Decide by `kind`, show the message. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(readonly kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
