/**
 * The objects of a swarm, with the fields that are used (Docker Engine API v1.41, `Service`, `Task`
 * and `Node`).
 *
 * @module
 */

/** A service. */
export interface ServiceInfo {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  /** ISO 8601, by the clock of the manager that created it. */
  readonly CreatedAt: string;
  readonly Spec: ServiceSpecInfo;
}

/** The part of a service that an update replaces as a whole; unknown fields are kept. */
export interface ServiceSpecInfo {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Mode?: { readonly Replicated?: { readonly Replicas: number } };
}

/** A task: one container that Swarm places on a machine. */
export interface TaskInfo {
  readonly ID: string;
  readonly ServiceID: string;
  /** Absent until it is placed. */
  readonly NodeID?: string;
  /** The state that Swarm wants: `running`, `shutdown` or `remove`. */
  readonly DesiredState: string;
  readonly Status: {
    readonly State: string;
    readonly Message?: string;
    readonly Err?: string;
    readonly ContainerStatus?: {
      readonly ContainerID?: string;
      readonly ExitCode?: number;
    } | null;
    readonly PortStatus?: {
      readonly Ports?: readonly { readonly PublishedPort: number }[] | null;
    } | null;
  };
  readonly NetworksAttachments?:
    | readonly {
      readonly Network: { readonly ID: string; readonly Spec: { readonly Name: string } };
      /** In CIDR notation. */
      readonly Addresses?: readonly string[] | null;
    }[]
    | null;
}

/** A machine of the swarm. */
export interface NodeInfo {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Availability: string; readonly Role: string };
  readonly Description: { readonly Hostname: string };
  readonly Status: {
    /** `ready`, `down`, `disconnected`, or `unknown`, which is not dead. */
    readonly State: string;
    readonly Addr?: string;
  };
}

/** A config, of which only the labels are used. */
export interface ConfigInfo {
  readonly ID: string;
  /** ISO 8601, by the clock of the manager that created it. */
  readonly CreatedAt: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
}

/** All services and tasks of a fleet, and all machines, at about one instant. */
export interface SwarmSnapshot {
  readonly services: readonly ServiceInfo[];
  readonly tasks: readonly TaskInfo[];
  readonly nodes: readonly NodeInfo[];
}
