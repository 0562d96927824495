/**
 * Which balancer a command speaks to, and with which token.
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
  /** Where it listens, without a slash at the end; `unix:/path` for a socket file. */
  readonly url: string;
  /** The bearer token of its operators. */
  readonly token?: string;
  /** Whether that was looked for, rather than given: it may be another balancer's. */
  readonly found?: boolean;
}

/** What was asked for on the command line. */
export interface TargetOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** What else may say where the balancer is. */
export interface Surroundings {
  readonly env: (name: string) => string | undefined;
  /** What `make run` started of the fleet. */
  readonly state: () => Promise<State | undefined>;
  /** What `make run` started of all fleets. */
  readonly others: () => Promise<readonly State[]>;
  readonly readFile: (path: string) => Promise<string>;
}

/**
 * Finds the balancer's API: what is given goes before `RINGKEEPER_URL`, that before `LB_ADMIN_LISTEN`
 * and `LB_PORT` on this machine, and that before what `make run` started. The token is never an
 * option: every user of the machine could read it in the list of processes. Where none is given, it
 * is the one that the balancer made for itself.
 *
 * @param given what was asked for
 * @param around what else may say it
 * @throws {ToolError} with exit code 2: the option, what it must be and what it was
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
  // Its own port may be another than the one that it takes by default.
  if (listen === "" && started?.service === service) return started.url;
  const found = controlUrl({ listen, api: env("LB_PUBLIC_API") ?? "" }, service);
  if (listen === "" && port === "" && !started) await requireUnclaimed(found, around);
  return found;
}

/**
 * A guess must not reach another fleet's balancer.
 *
 * @throws {ToolError} another fleet was started there
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

/** Without a user and a password, for the reason that the token is no option either. */
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

/** The token that the balancer made; undefined where there is none that this user may read. */
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

/** What it was is not said: it is a secret, or nearly one. */
function checkToken(option: string, token: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  const got = token === "" ? "nothing" : "something else";
  throw new ToolError(
    `${option} must hold the token: printable characters without spaces; got ${got}`,
    USAGE,
  );
}
