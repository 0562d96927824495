/**
 * Finds the balancer that a command calls, and its token.
 *
 * @module
 */
import { adminTokenFile } from "../../balancer/control/auth/admin_token.ts";
import { DEFAULT_FLEET } from "../../balancer/engine/fleet_names.ts";
import { controlUrl } from "../up/endpoint.ts";
import type { State } from "../up/state.ts";
import { wrongUsage } from "../up/task_command.ts";
import { UNREACHABLE } from "./api_errors.ts";
import { ToolError, USAGE } from "../tool.ts";

/** A balancer. */
export interface Target {
  /** The balancer's URL, without a trailing slash; `unix:/path` for a socket file. */
  readonly url: string;
  /** The bearer token. */
  readonly token?: string;
  /** Whether the token was found rather than given: it may belong to another balancer. */
  readonly found?: boolean;
}

/** The options of the command line. */
export interface TargetOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** The other sources of the balancer's address. */
export interface Surroundings {
  readonly env: (name: string) => string | undefined;
  /** The balancer of this fleet that `make run` started. */
  readonly state: () => Promise<State | undefined>;
  /** The balancers of all fleets that `make run` started. */
  readonly others: () => Promise<readonly State[]>;
  readonly readFile: (path: string) => Promise<string>;
}

/**
 * Finds the balancer's API. Options take precedence over `RINGKEEPER_URL`, that over
 * `LB_ADMIN_LISTEN` and `LB_PORT` on this machine, and those over the balancer that `make run`
 * started. The token is never an option, because every user of the machine could read it in the
 * process list. The default is the token that the balancer generated.
 *
 * @param given the options of the command line
 * @param around the other sources
 * @throws {ToolError} with exit code 2: the option, the expected form and the value
 */
export async function findTarget(given: TargetOptions, around: Surroundings): Promise<Target> {
  const url = await findUrl(given, around);
  const token = await givenToken(given, around);
  if (token !== undefined) return { url, token };
  const found = await foundToken(url, around);
  return found === undefined ? { url } : { url, token: found, found: true };
}

async function findUrl({ url }: TargetOptions, around: Surroundings): Promise<string> {
  const { env, state } = around;
  if (url !== undefined) return balancerUrl("--url", url);
  const named = env("RINGKEEPER_URL");
  if (named) return balancerUrl("RINGKEEPER_URL", named);
  const [listen, port] = [env("LB_ADMIN_LISTEN") ?? "", env("LB_PORT") ?? ""];
  const started = await state();
  if (listen === "" && port === "" && started) return started.url;
  const service = `http://127.0.0.1:${portNumber(port || "5000")}`;
  // The API's own port may differ from the default.
  if (listen === "" && started?.service === service) return started.url;
  const found = controlUrl({ listen, api: env("LB_PUBLIC_API") ?? "" }, service);
  if (listen === "" && port === "" && !started) await requireUnclaimed(found, around);
  return found;
}

/**
 * Keeps a guessed address from reaching another fleet's balancer.
 *
 * @throws {ToolError} another fleet's balancer was started there
 */
async function requireUnclaimed(url: string, { env, others }: Surroundings): Promise<void> {
  const other = (await others()).find((state) => state.url === url);
  if (other === undefined) return;
  throw new ToolError(
    `nothing was started of the fleet "${env("LB_FLEET") || DEFAULT_FLEET}", and ${url} is the ` +
      `fleet "${other.fleet}"; set LB_FLEET=${other.fleet}, or name the balancer with --url`,
    UNREACHABLE,
  );
}

/** Without user and password, for the same reason as for the token. */
function balancerUrl(option: string, text: string): string {
  if (/^unix:[^\0]+$/.test(text)) return text;
  const url = URL.parse(text);
  const plain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash &&
    !url.username && !url.password;
  if (plain) return url.href.replace(/\/+$/, "");
  throw wrongUsage(option, "a URL such as http://127.0.0.1:5001, or unix:/path", text);
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw wrongUsage("LB_PORT", "a whole number from 1 to 65535", text);
}

async function givenToken(
  { tokenFile }: TargetOptions,
  { env, readFile }: Surroundings,
): Promise<string | undefined> {
  if (tokenFile !== undefined) return await tokenIn(tokenFile, "--token-file", readFile);
  const token = env("LB_ADMIN_TOKEN");
  if (token) return checkToken("LB_ADMIN_TOKEN", token);
  const file = env("LB_ADMIN_TOKEN_FILE");
  return file ? await tokenIn(file, "LB_ADMIN_TOKEN_FILE", readFile) : undefined;
}

/** The token that the balancer generated; undefined if this user can read none. */
async function foundToken(
  url: string,
  { env, state, readFile }: Surroundings,
): Promise<string | undefined> {
  const started = await state();
  const place = url.startsWith("unix:") ? url.slice("unix:".length) : new URL(url).host;
  const file = started?.url === url && started.tokenFile !== undefined
    ? started.tokenFile
    : adminTokenFile(env("LB_STATE_FILE") ?? "", env("LB_FLEET") || DEFAULT_FLEET, place);
  try {
    return checkToken(file, (await readFile(file)).trim());
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}

async function tokenIn(
  file: string,
  option: string,
  readFile: Surroundings["readFile"],
): Promise<string> {
  try {
    return checkToken(option, (await readFile(file)).trim());
  } catch (error) {
    if (error instanceof ToolError || !(error instanceof Error)) throw error;
    throw wrongUsage(option, "a file that can be read", `${file}: ${error.message}`);
  }
}

/** The message omits the value, which is a secret or nearly one. */
function checkToken(option: string, token: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  const got = token === "" ? "nothing" : "something else";
  throw new ToolError(
    `${option} must hold the token: printable characters without spaces; got ${got}`,
    USAGE,
  );
}
