/**
 * What starts and stops instances, behind one interface. The fleet knows nothing else about
 * containers, processes or addresses.
 *
 * @module
 */
import type { GivenUpstream } from "../upstream_list.ts";
import type { UpstreamAddress } from "../view.ts";
import type { ReplicaOptions } from "./replica_options.ts";

/** The engines there are; `LB_ENGINE` chooses one. */
export type EngineKind = "docker" | "process" | "static" | "memory";

/** What runs under a replica's name right now. A replacement is a new instance of the same name. */
export interface Instance {
  /** Never used twice: a container id, a process id with its start, an address. */
  readonly id: string;
  /** The replica's name in the ring; a spare's own name until it is given another. */
  readonly name: string;
  /** True for an instance that was started without a replica's name and has none yet. */
  readonly spare: boolean;
  readonly address: UpstreamAddress;
  /** When it was started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Why the engine's own health check calls it unhealthy, where it does. */
  readonly unhealthy?: string;
  /** What it runs, as far as the engine knows: engine docker. */
  readonly template?: Template;
  /** What the settings said that instances run, when it was started: engine docker. */
  readonly settings?: Template;
}

/** What an instance runs, where that differs from the settings. */
export interface Template {
  /** Image reference, engine docker. */
  readonly image?: string;
  /**
   * Id of the image that the reference stood for when the template was taken up. Containers are
   * created from this, so that a tag that moves changes nothing.
   */
  readonly imageId?: string;
  /** `name@sha256:...`, where a registry knows the image: what it can be pulled again by. */
  readonly imageDigest?: string;
  /** Command line. */
  readonly command?: string;
  /** What its container may use and what is attached to it, engine docker. */
  readonly options?: ReplicaOptions;
}

/** What to start. */
export interface Launch {
  /** The replica's name, or a spare's own. */
  readonly name: string;
  /** True to start it without telling it a name: it learns that from its heartbeat later. */
  readonly spare: boolean;
  readonly template: Template;
}

/**
 * Something of this fleet that serves nothing: a container that ended, was never started, or runs
 * without an address on the fleet's network.
 */
export interface Remains {
  readonly id: string;
  readonly name: string;
  readonly spare: boolean;
}

/** What an engine reports on its own account. */
export type EngineEvent =
  /** An instance ended, whoever ended it. */
  | { readonly type: "exit"; readonly name: string; readonly id: string; readonly reason: string }
  /** The engine's own health check of an instance changed; `reason` says why it is unhealthy. */
  | {
    readonly type: "health";
    readonly name: string;
    readonly id: string;
    readonly reason?: string;
  }
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
   * Takes a template up: finds out which image its reference stands for at this moment, and fetches
   * that where it is missing and may be fetched. Engines without images return the template as it
   * is.
   *
   * @param template what new instances are to run
   * @param onProgress given a line for each step of what takes long
   * @returns the template with the image's id, and its digest where it has one
   * @throws {EngineError} there is no such image, or it could not be fetched
   */
  pin(template: Template, onProgress?: (line: string) => void): Promise<Template>;
  /**
   * Starts a new instance. It need not answer yet when this resolves. Whatever else exists under
   * the same name, running or not, is left as it is, under another name where names are unique.
   *
   * @param launch what to start
   * @throws {EngineError} nothing is left half made
   */
  start(launch: Launch): Promise<Instance>;
  /**
   * Gives an instance the name of a replica. What exists under that name gets another.
   *
   * @param id the instance
   * @param name the replica's name
   * @throws {EngineError} when the engine could not do it
   */
  rename(id: string, name: string): Promise<void>;
  /**
   * Kills an instance as a fault would, with SIGKILL and from behind: its exit is reported and
   * what is left of it stays.
   *
   * @param id the instance
   * @throws {EngineError} when the engine could not do it
   */
  kill(id: string): Promise<void>;
  /**
   * The last lines that an instance wrote, running or not; none where it is gone.
   *
   * @param id the instance
   * @throws {EngineError} when the engine could not tell
   */
  readOutputTail(id: string): Promise<readonly string[]>;
  /**
   * How an instance ended: its exit code or signal, and whether memory ran out.
   *
   * @param id the instance
   * @param withinMs how long to wait for the end of one that still runs, in milliseconds
   * @returns undefined while it runs, and where it is gone
   * @throws {EngineError} when the engine could not tell
   */
  ending(id: string, withinMs: number): Promise<string | undefined>;
  /**
   * Asks an instance to end (SIGTERM), ends it for good after the grace, and clears away what is
   * left of it. An instance that is gone already counts as stopped.
   *
   * @param id the instance
   * @param graceMs milliseconds between SIGTERM and SIGKILL; 0 kills at once
   * @param onStopped called when the instance does not run any more and something is left of it
   * @throws {EngineError} when the engine could not do it
   */
  stop(id: string, graceMs: number, onStopped?: () => void): Promise<void>;
  /**
   * Takes another list of upstreams up; only where somebody else runs the instances. An upstream
   * whose name and address are in both lists stays the same instance.
   *
   * @param upstreams names and addresses, each name once
   * @returns the instances, in the order of the list
   */
  setUpstreams?(upstreams: readonly GivenUpstream[]): readonly Instance[];
  /** The running instances of this fleet, in order of their start. */
  list(): Promise<readonly Instance[]>;
  /** What exists of this fleet and does not run, or runs and cannot be reached. */
  remains(): Promise<readonly Remains[]>;
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

/** How many lines {@linkcode Engine.readOutputTail} tells at the most. */
export const OUTPUT_TAIL_LINES = 20;

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
  /** Another balancer has the fleet, and is alive. */
  | "owned"
  /** The balancer can open no more files. What was to be started has nothing to do with it. */
  | "out-of-files"
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
