/**
 * Builds the gate from the settings.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Config } from "../../config.ts";
import { errorMessage, type FailureLog } from "../../failures.ts";
import { adminTokenFile, makeAdminToken, removeAdminToken } from "./admin_token.ts";
import { Audit } from "./audit.ts";
import { FailureLimit } from "./rate_limit.ts";
import { Gate } from "./middleware.ts";
import { Guard, type GuardPolicy, type Openness } from "./authorize.ts";
import { Tokens, type TokenSource, type TokenSources } from "./tokens.ts";

/** The dependencies of a gate. */
interface GateSurroundings {
  /** The API's address: `host:port`, or the path of a socket file. */
  readonly api: string;
  readonly log: Logger;
  /** Records token files that can no longer be read. */
  readonly failures: FailureLog;
  /** Addresses of replicas. */
  readonly replicas: GuardPolicy["replicas"];
}

/** Checked settings of the gate, and the step that puts them in force. */
export interface PreparedGate {
  readonly sources: TokenSources;
  readonly apply: () => void;
}

/** A gate and its token sources. */
interface OpenedGate {
  readonly gate: Gate;
  /** The sources of the gate's tokens. */
  readonly sources: TokenSources;
  /** The file of the token that the balancer generated; undefined if it generated none. */
  readonly tokenFile: string | undefined;
  /** Removes a generated token that no later start could use. */
  readonly close: () => Promise<void>;
  /**
   * Reads the tokens of other settings.
   *
   * @throws {TokenError} a token cannot be read; those in force stay
   */
  readonly prepare: (config: Config) => Promise<PreparedGate>;
}

/**
 * Builds the gate, and generates an admin token if the operator set none.
 *
 * @param config the configuration
 * @param around the gate's dependencies
 * @throws {TokenError} a token cannot be read or created
 */
export async function openGate(config: Config, around: GateSurroundings): Promise<OpenedGate> {
  const { log, failures, replicas } = around;
  const found = await sourcesOf(config, around);
  const tokens = await Tokens.open(found.sources, failures);
  const policy = { ...openTo(config, tokens), tokens, replicas };
  warnIfOpen(policy.open, tokens, log);
  const gate = new Gate({
    guard: new Guard(policy, new FailureLimit()),
    audit: new Audit(log.getChild("audit")),
    now: () => performance.now(),
  });
  const forgets = found.tokenFile !== undefined && config.fleet.stateFile === "" &&
    config.listen.port === 0;
  const close = () => forgets ? removeAdminToken(found.tokenFile ?? "") : Promise.resolve();
  const prepare = async (next: Config): Promise<PreparedGate> => {
    const { sources } = await sourcesOf(next, around);
    const replace = await tokens.prepare(sources);
    const apply = () => {
      replace();
      Object.assign(policy, openTo(next, tokens));
      warnIfOpen(policy.open, tokens, log);
    };
    return { sources, apply };
  };
  return { gate, ...found, close, prepare };
}

async function sourcesOf(config: Config, around: GateSurroundings) {
  const read = sourceOf(config, "LB_READ_TOKEN");
  const tokenFile = await ownToken(config, around);
  const admin: TokenSource = tokenFile === undefined
    ? sourceOf(config, "LB_ADMIN_TOKEN")
    : { setting: "LB_ADMIN_TOKEN", text: "", file: tokenFile, made: true };
  return { sources: { admin, read }, tokenFile };
}

/** The part of the policy that follows from the settings. */
function openTo(config: Config, tokens: Tokens): Pick<GuardPolicy, "open" | "hosts"> {
  return { open: opennessOf(config, tokens), hosts: new Set(config.admin.allowedHosts) };
}

function warnIfOpen(open: Openness, tokens: Tokens, log: Logger): void {
  if (open !== "everything" || !tokens.admin) return;
  log.warn("LB_ADMIN_OPEN=true: calls need no token");
}

/** Without the token the balancer still starts; only the calls that need the token are refused. */
async function ownToken(
  config: Config,
  { api, log }: GateSurroundings,
): Promise<string | undefined> {
  if (config.admin.open === "true" || config.admin.token !== "") return undefined;
  if (config.admin.tokenFile !== "") return undefined;
  const file = adminTokenFile(config.fleet.stateFile, config.fleet.name, api);
  try {
    await makeAdminToken(file);
    return file;
  } catch (error) {
    log.warn(
      "no admin token could be made in {file} ({error}): deploys and drills are refused until " +
        "LB_ADMIN_TOKEN or LB_ADMIN_TOKEN_FILE is set",
      { file, error: errorMessage(error) },
    );
    return undefined;
  }
}

function opennessOf({ admin }: Config, tokens: Tokens): Openness {
  if (admin.open === "true") return "everything";
  return admin.open === "without-token" && !tokens.admin ? "fleet" : "nothing";
}

function sourceOf({ admin }: Config, setting: "LB_ADMIN_TOKEN" | "LB_READ_TOKEN"): TokenSource {
  return setting === "LB_ADMIN_TOKEN"
    ? { setting, text: admin.token, file: admin.tokenFile }
    : { setting, text: admin.readToken, file: admin.readTokenFile };
}
