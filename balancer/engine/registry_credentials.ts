/**
 * Reads the balancer's credentials for a registry from Docker's client configuration file (the
 * `auths` of `config.json`, as `docker login` writes them).
 *
 * @module
 */
import { z } from "zod";
import { errorMessage } from "../failures.ts";
import { DOCKER_HUB } from "./image_reference.ts";

/** Credentials that the Engine passes on (Docker Engine API v1.40, `X-Registry-Auth`). */
export interface RegistryCredentials {
  readonly serveraddress: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

const ENTRY = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

const CONFIG = z.object({
  auths: z.record(z.string(), ENTRY).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

/** Key of Docker Hub's credentials in the file. */
const HUB_KEY = "https://index.docker.io/v1/";

/**
 * Returns the credentials for a registry. The file is read each time, so that `docker login` takes
 * effect at once.
 *
 * @param path path of the file; empty for none
 * @param registry host and port
 * @returns undefined if there are none
 * @throws {Error} the file cannot be used, or a credential helper keeps the credentials; the
 *   message says what to do
 */
export async function readCredentials(
  path: string,
  registry: string,
): Promise<RegistryCredentials | undefined> {
  if (path === "") return undefined;
  const { auths = {}, credsStore, credHelpers = {} } = await readConfigFile(path);
  const key = Object.keys(auths).find((one) => isFor(one, registry));
  const found = key === undefined ? undefined : credentialsOf(key, auths[key] ?? {}, path);
  if (found) return found;
  const helper = credHelpers[registry] ?? (key === undefined ? undefined : credsStore);
  if (helper === undefined) return undefined;
  throw new Error(
    `LB_DOCKER_CONFIG: ${path} leaves the credentials of ${registry} to the program ` +
      `docker-credential-${helper}, which the balancer does not run; it reads "auths" alone: ` +
      `docker --config FOLDER login ${registry}, with no credsStore in FOLDER/config.json`,
  );
}

async function readConfigFile(path: string): Promise<z.output<typeof CONFIG>> {
  try {
    return CONFIG.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    const why = error instanceof z.ZodError
      ? z.prettifyError(error)
      // The parser's message may contain a part of the secret.
      : error instanceof SyntaxError
      ? "it is not JSON"
      : errorMessage(error);
    throw new Error(`LB_DOCKER_CONFIG: ${path} is no configuration of the Docker client: ${why}`, {
      cause: error,
    });
  }
}

/** A key is a host, or a URL with a scheme and a path: `https://registry.example/v2/`. */
function isFor(key: string, registry: string): boolean {
  if (registry === DOCKER_HUB && key === HUB_KEY) return true;
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "") === registry;
}

function credentialsOf(
  serveraddress: string,
  { auth, username, password, identitytoken }: z.output<typeof ENTRY>,
  path: string,
): RegistryCredentials | undefined {
  if (identitytoken) return { serveraddress, identitytoken };
  if (username && password) return { serveraddress, username, password };
  if (!auth) return undefined;
  const [, user, secret] = /^([^:]+):([^]*)$/.exec(decoded(auth)) ?? [];
  if (user !== undefined && secret !== undefined) {
    return { serveraddress, username: user, password: secret };
  }
  throw new Error(
    `LB_DOCKER_CONFIG: ${path}: auths.${serveraddress}.auth must be USER:PASSWORD in base64; ` +
      "got a value of another form",
  );
}

function decoded(auth: string): string {
  try {
    const bytes = Uint8Array.from(atob(auth), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    // Not base64: the caller reports the expected form.
    return "";
  }
}
