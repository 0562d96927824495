/**
 * A replica as a service of one task that Swarm starts once and never again (Docker Engine API
 * v1.41, `POST /services/create`): only the balancer heals. Pure.
 *
 * @module
 */
import { replicaEnv } from "../../replica/contract.ts";
import { expandCommand } from "./command.ts";
import { type ContainerOptions, extraNetworks, settingsLabel } from "./docker_container.ts";
import type { PinnedTemplate } from "./docker_images.ts";
import { REPLICA_LABEL } from "./docker_names.ts";
import { ownLabels } from "./docker_options.ts";
import type { Launch } from "./engine.ts";
import { serviceLabels, serviceName, TASK_LABEL } from "./swarm_names.ts";
import { taskContainerOptions, taskLimits, taskLog } from "./swarm_options.ts";

const ANY_ADDRESS = "0.0.0.0";
const NANO_PER_MS = 1e6;

/** Options of the fleet's services. */
export interface ServiceOptions extends ContainerOptions {
  /** Constraints of the placement besides the fleet's own: `node.labels.zone==a`. */
  readonly constraints: readonly string[];
  /** Time between SIGTERM and SIGKILL of a task that Swarm stops, in milliseconds. */
  readonly stopGraceMs: number;
}

/** A start with everything that is decided before the service is created. */
export interface ServiceLaunch extends Launch {
  readonly template: PinnedTemplate;
  /** Number of the start under its name; with the name it is unique. */
  readonly generation: number;
}

/**
 * Returns the parameters of a service.
 *
 * @param options options of the fleet
 * @param launch the instance to start; a spare gets an empty name, which hides one that its image
 *   sets
 * @throws {Error} the command line is invalid; the message is for its author
 */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function serviceSpec(options: ServiceOptions, launch: ServiceLaunch) {
  const networks = [options.network, ...extraNetworks(options, launch)];
  return {
    Name: serviceName(options, launch.name, launch.generation),
    Labels: {
      ...serviceLabels(options.fleet, launch, launch.generation),
      ...settingsLabel(options),
    },
    TaskTemplate: {
      ContainerSpec: containerPart(options, launch),
      Resources: { Limits: taskLimits(ownOptions(options, launch)) },
      // Swarm starts nothing again: back-off, quarantine and rollback are the balancer's.
      RestartPolicy: { Condition: "none" as const },
      Placement: { Constraints: constraintsOf(options, launch) },
      Networks: networks.map((Target) => ({ Target })),
      LogDriver: taskLog(ownOptions(options, launch)),
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: "dnsrr" as const, Ports: portsOf(options) },
  };
}

function containerPart(options: ServiceOptions, launch: ServiceLaunch) {
  const name = launch.spare ? "" : launch.name;
  const told = replicaEnv(name, ANY_ADDRESS, options.port);
  const env = { ...options.env, ...told };
  const { command = options.command, imageDigest, imageId } = launch.template;
  const own = ownOptions(options, launch);
  const variables = { ...told, FLEET: options.fleet };
  return {
    // By digest or id: an unpinned tag would be pulled at every start.
    Image: imageDigest ?? imageId,
    Labels: {
      ...ownLabels(own, variables),
      [TASK_LABEL]: options.fleet,
      [REPLICA_LABEL]: launch.name,
    },
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    ...taskContainerOptions(own, variables),
    StopGracePeriod: options.stopGraceMs * NANO_PER_MS,
    // An image's own check would hold the task in `starting`; the balancer probes anyway.
    Healthcheck: { Test: ["NONE"] },
    Privileges: { NoNewPrivileges: true },
    // The command replaces the entry point: an image's own entry point would take it as arguments.
    ...(command === undefined ? {} : { Command: expandCommand(command, env) }),
  };
}

function ownOptions({ options = {} }: ServiceOptions, { template }: Launch) {
  return template.options ?? options;
}

function constraintsOf({ constraints }: ServiceOptions, { avoid = [] }: Launch): string[] {
  return [...constraints, ...avoid.map((machine) => `node.hostname!=${machine}`)];
}

/** A port of the machine that the task is placed on; Docker chooses a free one. */
function portsOf({ reach, port }: ServiceOptions) {
  if (reach === "network") return [];
  return [{ Protocol: "tcp" as const, TargetPort: port, PublishMode: "host" as const }];
}
