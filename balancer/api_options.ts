/**
 * Options of the API's server, from the settings.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Config } from "./config.ts";
import type { ApiLimits } from "./control/server/api_connection.ts";
import type { ApiTls } from "./control/server/api_server.ts";
import { originOf } from "./public_port.ts";
import type { TlsFront } from "./tls_front.ts";

/**
 * TLS of the API's own port; undefined without it.
 *
 * @param config the settings
 * @param front the certificates
 */
export function apiTls({ admin, tls }: Config, { certificates }: TlsFront): ApiTls | undefined {
  if (admin.tls === "off") return undefined;
  return { strictSni: tls.strictSni, handshakes: tls.handshakes, certificates };
}

/**
 * Limits of the API's connections.
 *
 * @param config the settings
 */
export function apiLimits(config: Config): ApiLimits {
  return {
    lineBytes: config.limits.lineBytes,
    headBytes: config.limits.headBytes,
    fields: config.limits.fields,
    headMs: config.timeouts.headMs,
    idleMs: config.timeouts.keepAliveMs,
    bodyMs: config.timeouts.bodyMs,
  };
}

/**
 * Logs the address of the page and the API, if they are not on the public port.
 *
 * @param own the address
 * @param scheme `http` or `https`
 * @param logger the log
 */
export function tellOwn(own: Deno.Addr | undefined, scheme: string, logger: Logger): void {
  if (!own) return;
  const at = "path" in own ? `unix:${own.path}` : `${originOf(own as Deno.NetAddr, scheme)}/_lb/`;
  logger.info("the page and the API are at {at}", { at });
}
