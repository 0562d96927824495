/**
 * The request of a deploy: its check, and the template that it results in.
 *
 * @module
 */
import type { Engine, Template } from "../../engine/engine.ts";
import { needsIdentity, type ReplicaOptions } from "../../engine/replica_options.ts";
import type { Fleet } from "../fleet.ts";
import type { FleetPolicy } from "../member/policy.ts";

/**
 * The template changes of a deploy. A missing field keeps its value; null resets it to the
 * settings.
 */
export interface DeployRequest {
  readonly image?: string;
  readonly command?: string | null;
  readonly options?: ReplicaOptions | null;
}

/** The deploy did not begin. */
export class DeployError extends Error {
  override readonly name = "DeployError";

  /**
   * @param message the reason
   * @param kind `unsupported` if this engine cannot run it, `not-saved` if its state could not be
   *   saved
   */
  constructor(message: string, readonly kind: "unsupported" | "not-saved" = "unsupported") {
    super(message);
  }
}

/**
 * Checks whether an engine can run the request.
 *
 * @throws {DeployError} `unsupported`: the message names the field and the bound
 */
export function checkSupported(
  { image, options }: DeployRequest,
  { kind, ownsInstances }: Pick<Engine, "kind" | "ownsInstances">,
  { spares }: Pick<FleetPolicy, "spares">,
): void {
  if (!ownsInstances) {
    throw new DeployError("with LB_ENGINE=static another system runs the replicas");
  }
  if (kind === "process" && image !== undefined) {
    throw new DeployError("image: LB_ENGINE=process runs commands; deploy a command instead");
  }
  if (kind === "process" && options) {
    const keys = Object.keys(options).join(", ");
    throw new DeployError(
      `options: each is an option of containers, and LB_ENGINE=process has none; got ${keys}`,
    );
  }
  if (options && needsIdentity(options) && spares > 0) {
    throw new DeployError(
      "options: must not use $SERVER_NAME or $SERVER_ID while there are spares, which have no " +
        `name before they stand in; LB_SPARES is ${spares}`,
    );
  }
}

/**
 * Returns the fleet's template with the changes of the request.
 *
 * @param request the changes
 * @param image the image, resolved; ignored if the request names none
 * @param fleet template of new instances, and that of the settings
 */
export function templateOf(
  request: DeployRequest,
  image: Template,
  { template, settings }: Pick<Fleet, "template" | "settings">,
): Template {
  const { command, options, ...pin } = template;
  const asked = {
    command: request.command === null ? settings.command : request.command ?? command,
    options: request.options === null ? settings.options : request.options ?? options,
  };
  return {
    ...(request.image === undefined ? pin : image),
    ...(asked.command === undefined ? {} : { command: asked.command }),
    ...(asked.options === undefined ? {} : { options: asked.options }),
  };
}
