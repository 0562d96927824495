/**
 * Options of connections to the Docker Engine.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import type { DockerHost } from "../settings/docker_host.ts";
import { EngineError } from "./engine.ts";

/** Target of the client, by the names of dockerode's options. */
export type DockerConnection =
  | { readonly socketPath: string }
  | { readonly protocol: "http"; readonly host: string; readonly port: number }
  | {
    readonly protocol: "https";
    readonly host: string;
    readonly port: number;
    readonly ca: string;
    readonly cert: string;
    readonly key: string;
  };

/** Docker's own TLS variables. */
interface DockerTls {
  /** `DOCKER_TLS_VERIFY`: enables TLS unless it is empty. */
  readonly verify: string;
  /** `DOCKER_CERT_PATH`: folder of ca.pem, cert.pem and key.pem. */
  readonly certPath: string;
}

/**
 * Returns the options of a connection.
 *
 * @param host address of the Engine
 * @param tls Docker's TLS variables; ignored for a Unix socket
 * @throws {EngineError} a certificate file cannot be read, or no folder is given
 */
export async function dockerConnection(
  host: DockerHost,
  { verify, certPath }: DockerTls,
): Promise<DockerConnection> {
  if ("socketPath" in host) return host;
  const address = { host: host.hostname, port: host.port };
  if (verify === "") return { protocol: "http", ...address };
  if (certPath === "") {
    throw new EngineError(
      "failed",
      "DOCKER_TLS_VERIFY is set, so DOCKER_CERT_PATH must name the folder of ca.pem, cert.pem " +
        "and key.pem; it is empty",
    );
  }
  // One after the other, so that the same file is reported if several are missing.
  const ca = await readPem(`${certPath}/ca.pem`);
  const cert = await readPem(`${certPath}/cert.pem`);
  const key = await readPem(`${certPath}/key.pem`);
  return { protocol: "https", ...address, ca, cert, key };
}

/**
 * Formats a Docker host as in the setting.
 *
 * @param host address of the Engine
 */
export function describeDockerHost(host: DockerHost): string {
  if ("socketPath" in host) return host.socketPath;
  const { hostname, port } = host;
  return `tcp://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const hint = error instanceof Deno.errors.NotCapable
      ? `; start the balancer with --allow-read=${path.replace(/\/[^/]*$/, "")} beside the others`
      : "";
    throw new EngineError(
      "failed",
      `DOCKER_CERT_PATH: ${path} cannot be read: ${errorMessage(error)}${hint}`,
      { cause: error },
    );
  }
}
