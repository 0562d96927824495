/**
 * The interface of engines: they start, stop and watch instances. The fleet knows nothing else
 * about containers, processes or addresses.
 *
 * @module
 */
import type { GivenUpstream } from "../upstream_list.ts";
import type { UpstreamAddress } from "../view.ts";
import type { ReplicaOptions } from "./replica_options.ts";

/** Kinds of engines; `LB_ENGINE` selects one. */
export type EngineKind = "docker" | "swarm" | "process" | "static" | "memory";

/**
 * The process or container behind a replica's name. A replacement is a new instance of the name.
 */
export interface Instance {
  /** Unique for ever: a container id, a process id with its start time, an address. */
  readonly id: string;
  /** The replica's name in the ring, or the spare's own name until it is renamed. */
  readonly name: string;
  /** True for an instance that was started without a replica's name and has none yet. */
  readonly spare: boolean;
  readonly address: UpstreamAddress;
  /** When it was started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Host name of the machine that it runs on, if the engine has several: engine swarm. */
  readonly machine?: string;
  /** Why the engine's own health check fails; absent if it passes or there is none. */
  readonly unhealthy?: string;
  /** Its template, if the engine knows it: engines docker and swarm. */
  readonly template?: Template;
  /** Template of the settings when it was started: engines docker and swarm. */
  readonly settings?: Template;
}

/** Describes what an instance runs. A missing field means the value of the settings. */
export interface Template {
  /** Image reference, engine docker. */
  readonly image?: string;
  /**
   * Id of the image that the reference resolved to. Containers are created from the id, so a tag
   * that moves changes nothing.
   */
  readonly imageId?: string;
  /** `name@sha256:...`, to pull the image again; absent if no registry knows the image. */
  readonly imageDigest?: string;
  /** Command line. */
  readonly command?: string;
  /** Limits and attachments of its container, engine docker. */
  readonly options?: ReplicaOptions;
}

/** Whether a machine gets new instances: yes, no, or no and those that it has end. */
export type Availability = "active" | "pause" | "drain";

/** A machine of an engine that has several. */
export interface Machine {
  /** Its host name. */
  readonly name: string;
  /** `ready`, `down`, `disconnected` or `unknown`, as the engine sees it. */
  readonly state: string;
  readonly availability: Availability;
}

/** A request to start an instance. */
export interface Launch {
  /** The replica's name, or the spare's own. */
  readonly name: string;
  /** True to start it without a replica's name; a later heartbeat carries the name. */
  readonly spare: boolean;
  readonly template: Template;
  /**
   * Ids of the name's instances that the fleet knows, if several balancers may start instances. A
   * running instance of the name that is not among them was started by another balancer: it is
   * returned, and no second one is started.
   */
  readonly known?: readonly string[];
  /**
   * Host names of machines that may be dead: they get the instance only if no other can take it.
   * Engines of one machine ignore this.
   */
  readonly avoid?: readonly string[];
}

/**
 * A container of this fleet that serves nothing: it exited, was never started, or has no address on
 * the fleet's network.
 */
export interface Remains {
  readonly id: string;
  readonly name: string;
  readonly spare: boolean;
}

/** An event that an engine reports. */
export type EngineEvent =
  /** An instance ended, for any reason. */
  | { readonly type: "exit"; readonly name: string; readonly id: string; readonly reason: string }
  /** The engine's own health check of an instance changed; `reason` is set if it fails. */
  | {
    readonly type: "health";
    readonly name: string;
    readonly id: string;
    readonly reason?: string;
  }
  /** The engine is unreachable. The state of its instances is unknown. */
  | { readonly type: "away"; readonly error: EngineError }
  /** The engine is reachable again. Events may have been missed, so list the instances. */
  | { readonly type: "back" };

/** Starts, stops, lists and watches instances. */
export interface Engine {
  readonly kind: EngineKind;
  /** False if the balancer does not run the instances; start and stop are `unsupported` then. */
  readonly ownsInstances: boolean;
  /**
   * Resolves the template's image reference to an id, and pulls the image if it is missing and may
   * be pulled. Engines without images return the template unchanged.
   *
   * @param template template of new instances
   * @param onProgress called with a line for each step of a pull
   * @returns the template with the image's id, and its digest if it has one
   * @throws {EngineError} the image does not exist, or could not be pulled
   */
  pin(template: Template, onProgress?: (line: string) => void): Promise<Template>;
  /**
   * Starts a new instance. Resolves before the instance answers requests. An existing instance of
   * the name is left as it is; engines with unique names give it another name.
   *
   * @param launch the instance to start
   * @throws {EngineError} the start failed; nothing of it is left
   */
  start(launch: Launch): Promise<Instance>;
  /**
   * Gives an instance the name of a replica. Another instance of that name gets another name.
   *
   * @param id id of the instance
   * @param name the replica's name
   * @throws {EngineError} the rename failed
   */
  rename(id: string, name: string): Promise<void>;
  /**
   * Kills an instance with SIGKILL, as a fault would: its exit is reported and a container stays.
   *
   * @param id id of the instance
   * @throws {EngineError} the kill failed
   */
  kill(id: string): Promise<void>;
  /**
   * Returns the last lines that an instance wrote, running or not; none if it no longer exists.
   *
   * @param id id of the instance
   * @throws {EngineError} the output could not be read
   */
  readOutputTail(id: string): Promise<readonly string[]>;
  /**
   * Returns how an instance ended: exit code or signal, and whether it ran out of memory.
   *
   * @param id id of the instance
   * @param withinMs longest wait for the end of a running instance, in milliseconds
   * @returns undefined while it runs, or if it no longer exists
   * @throws {EngineError} the state could not be read
   */
  ending(id: string, withinMs: number): Promise<string | undefined>;
  /**
   * Stops an instance: SIGTERM, SIGKILL after the grace, then removal. An instance that no longer
   * exists counts as stopped.
   *
   * @param id id of the instance
   * @param graceMs time between SIGTERM and SIGKILL, in milliseconds; 0 kills at once
   * @param onStopped called once the instance no longer runs but still has to be removed
   * @throws {EngineError} the stop or the removal failed
   */
  stop(id: string, graceMs: number, onStopped?: () => void): Promise<void>;
  /** Returns the machines that instances may run on; only for engines of several. */
  machines?(): Promise<readonly Machine[]>;
  /**
   * Decides whether a machine gets instances; only for engines of several.
   *
   * @param machine its host name
   * @param availability `drain` ends its instances without regard to requests
   * @throws {EngineError} `failed`: there is no such machine
   */
  setAvailability?(machine: string, availability: Availability): Promise<void>;
  /**
   * Replaces the list of upstreams; only for engines that do not run the instances. An upstream
   * with the same name and address in both lists stays the same instance.
   *
   * @param upstreams names and addresses, each name once
   * @returns the instances, in the order of the list
   */
  setUpstreams?(upstreams: readonly GivenUpstream[]): readonly Instance[];
  /** Returns the running instances of this fleet, in order of their start. */
  list(): Promise<readonly Instance[]>;
  /** Returns what exists of this fleet and does not run, or runs without an address. */
  remains(): Promise<readonly Remains[]>;
  /**
   * Reports exits, health changes and the engine's own availability from now on.
   *
   * @param listener called for each event, one call at a time
   * @returns resolves once events are received, or the engine was reported `away`; `close` ends the
   *   watch
   */
  watch(listener: (event: EngineEvent) => void): Promise<Watch>;
  /**
   * Releases the engine's own resources. Instances that can live without the engine stay; those
   * that cannot, such as child processes, end.
   */
  close(): Promise<void>;
}

/** Upper bound of the lines that {@linkcode Engine.readOutputTail} returns. */
export const OUTPUT_TAIL_LINES = 20;

/** A running watch. */
export interface Watch {
  close(): void;
}

/** Classes of engine errors. */
export type EngineErrorKind =
  /** The image or the command does not exist. A retry is in vain until the user acts. */
  | "image-missing"
  | "command-missing"
  /** The name belongs to a container of another owner. */
  | "name-taken"
  /** The engine is unreachable. */
  | "away"
  /** Another running balancer owns the fleet. */
  | "owned"
  /** Another balancer of several heals the fleet. */
  | "not-holder"
  /** The balancer has no file descriptors left. The instance is not at fault. */
  | "out-of-files"
  /** This engine does not support the operation. */
  | "unsupported"
  /** Any other error; see the message. */
  | "failed";

/** Error of an engine. Decide by `kind`, show the message. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(readonly kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
