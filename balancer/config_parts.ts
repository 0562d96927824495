/**
 * The parts of the configuration in the form that single parts of the balancer take.
 *
 * @module
 */
import type { Config } from "./config.ts";
import type { ApiLimits } from "./control/server/api_connection.ts";
import type { ApiTls } from "./control/server/api_server.ts";
import type { EngineKind, Template } from "./engine/engine.ts";
import type { RingShape } from "./fleet/spec/ring_spec.ts";
import { type AccessStyle, accessStyleOf, type LogStyle } from "./log/style.ts";

/**
 * Returns the style of the access log.
 *
 * @param config the configuration
 * @param style the style of the balancer's own lines
 */
export function accessStyle({ log }: Config, style: LogStyle): AccessStyle {
  return accessStyleOf(log.accessFormat, style, Deno.stdout.isTerminal());
}

/**
 * Returns the limits of calls of the API.
 *
 * @param config the configuration
 */
export function apiLimits({ limits, listen, timeouts }: Config): ApiLimits {
  return {
    lineBytes: limits.lineBytes,
    headBytes: limits.headBytes,
    fields: limits.fields,
    headMs: listen.headMs,
    idleMs: listen.keepAliveMs,
    bodyMs: timeouts.bodyMs,
  };
}

/**
 * Returns the TLS of the API's own port; undefined without it.
 *
 * @param config the configuration
 * @param front the certificates
 */
export function apiTls(
  { admin, tls: { strictSni, handshakes } }: Config,
  { certificates }: Pick<ApiTls, "certificates">,
): ApiTls | undefined {
  return admin.tls === "off" ? undefined : { strictSni, handshakes, certificates };
}

/**
 * Returns the ring's shape.
 *
 * @param config the configuration
 */
export function ringShape({ ring }: Config): RingShape {
  const { slots, virtualServers, layout, hashes } = ring;
  return { slots, virtualServers, layout, hashes };
}

/**
 * Returns the template of instances.
 *
 * @param config the configuration
 * @param kind the engine that runs the instances
 */
export function templateOf({ replica }: Config, kind: EngineKind): Template {
  return {
    ...((kind === "docker" || kind === "swarm") && { image: replica.image }),
    ...(replica.command !== "" && { command: replica.command }),
    ...(Object.keys(replica.options).length > 0 && { options: replica.options }),
  };
}
