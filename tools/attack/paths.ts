/**
 * Paths and fields that different parsers read as different calls, against the authorization of the
 * control API. No request carries a valid token, so no call that needs a token may answer, and
 * nothing may change.
 *
 * @module
 */
import { RawUpstream } from "../../tests/harness/raw.ts";
import { type Attack, type AttackOptions, Findings, inLanes, type Result } from "./attack.ts";
import { exchange, replies, type Reply } from "./exchange.ts";
import { GUARDED, type Trick, type TrickOptions, tricks } from "./path_tricks.ts";
import { Target } from "./target.ts";

/** The replicas' answer, which no call of the API gives. */
const FROM_REPLICA = "HTTP/1.1 200 OK\r\nX-From: replica\r\nContent-Length: 2\r\n\r\nok";

const LANES = 8;

/** An entrance, its requests, and the API's calls on it. */
interface Entrance extends Partial<Pick<TrickOptions, "scopes" | "fields">> {
  readonly about: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Whether the requests go to the API's own port. */
  readonly own: boolean;
  /** Whether the API may handle, and refuse, a call of this path. */
  readonly carries: (path: string) => boolean;
}

/** A balancer with default token settings. */
const NO_TOKENS = { LB_ADMIN_TOKEN: "", LB_READ_TOKEN: "" };

const OWN_PORT = { LB_ADMIN_LISTEN: "127.0.0.1:0" };

const ENTRANCES: readonly Entrance[] = [
  {
    about: "public port with the whole API",
    settings: { LB_PUBLIC_API: "all" },
    own: false,
    carries: () => true,
  },
  {
    about: "public port with the textbook's calls",
    settings: { LB_PUBLIC_API: "basic", ...OWN_PORT },
    own: false,
    carries: (path) => path === "/add" || path === "/rm",
  },
  {
    about: "public port without calls",
    settings: { LB_PUBLIC_API: "none", ...OWN_PORT },
    own: false,
    carries: () => false,
  },
  {
    about: "the API's own port",
    settings: { LB_PUBLIC_API: "basic", ...OWN_PORT },
    own: true,
    carries: () => true,
  },
  {
    about: "public port, no token set, from a page of the service",
    settings: { LB_PUBLIC_API: "basic", ...OWN_PORT, ...NO_TOKENS },
    own: false,
    carries: (path) => path === "/add" || path === "/rm",
    fields: ["Origin: http://127.0.0.1", "Sec-Fetch-Site: same-origin"],
  },
  {
    about: "the API's own port, no token set, calls that run code",
    settings: { LB_PUBLIC_API: "basic", ...OWN_PORT, ...NO_TOKENS, LB_DRILLS: "true" },
    own: true,
    carries: () => true,
    scopes: ["execute"],
  },
];

/** The attack. */
export const paths: Attack = {
  name: "paths",
  about: "path and field tricks against the guard of the API",
  count: 4000,
  run: async (options) => {
    const results: Result[] = [];
    for (const entrance of ENTRANCES) results.push(await attackEntrance(entrance, options));
    return results;
  },
};

/**
 * Attacks one entrance of its own balancer.
 *
 * @param entrance the entrance
 * @param options the bounds
 */
export async function attackEntrance(entrance: Entrance, options: AttackOptions): Promise<Result> {
  await using replica = new RawUpstream(() => FROM_REPLICA);
  await using target = await Target.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=${replica.address}`,
    LB_WORKERS: "1",
    ...entrance.settings,
  });
  return await new Assault(entrance, target).run(options);
}

/** Returns the requests to one entrance. */
class Assault {
  readonly #entrance: Entrance;
  readonly #target: Target;
  readonly #findings = new Findings();
  readonly #outcomes = { replica: 0, refused: 0 };

  constructor(entrance: Entrance, target: Target) {
    this.#entrance = entrance;
    this.#target = target;
  }

  async run({ count, seed }: AttackOptions): Promise<Result> {
    const before = await stateOf(this.#target);
    const { scopes = GUARDED, fields = [] } = this.#entrance;
    const requests = tricks({ count, seed, scopes, fields });
    await inLanes(requests, LANES, (one) => this.#try(one));
    const after = await stateOf(this.#target);
    if (after !== before) this.#findings.add(`the state was ${before} and is ${after}`);
    const { code, output } = await this.#target.end();
    if (code !== 0) this.#findings.add(`the balancer ended with code ${code}`);
    for (const line of changesIn(output)) this.#findings.add(`a change was made: ${line}`);
    const { replica, refused } = this.#outcomes;
    const note = `${refused} refused, ${replica} to a replica`;
    return { against: this.#entrance.about, tried: count, fallen: this.#findings.all, note };
  }

  async #try({ method, path, message }: Trick): Promise<void> {
    const { own, carries } = this.#entrance;
    const port = own ? this.#target.apiPort : this.#target.port;
    const { text, stuck } = await exchange(port, message, (so) => replies(so, [method]).length > 0);
    const [reply] = replies(text, [method]);
    const shown = JSON.stringify(message).slice(0, 300);
    if (stuck) return this.#findings.add(`no answer and no end to ${shown}`);
    if (reply?.head.includes("\r\nX-From: replica\r\n")) {
      this.#outcomes.replica++;
      if (own) this.#findings.add(`a replica was reached by the API's port: ${shown}`);
      return;
    }
    // Only the API answers like this: it handled a request that it must not get.
    const handled = reply && [401, 403, 429].includes(reply.status);
    if (handled && !carries(path)) {
      this.#findings.add(`the API answered ${reply.status} to ${shown}`);
    }
    if (reply && reply.status < 400 && !isListOfMethods(method, reply)) {
      this.#findings.add(`answer ${reply.status} to ${shown}`);
    }
    this.#outcomes.refused++;
  }
}

/** OPTIONS lists a call's methods, and permits no page of another origin. */
function isListOfMethods(method: string, { status, head, body }: Reply): boolean {
  return method === "OPTIONS" && status === 204 && body === "" &&
    !/\r\naccess-control-/i.test(head);
}

/** The state that a changing call would change. */
async function stateOf(target: Target): Promise<string> {
  const { version, digest, desired, template, replicas } = await target.status();
  const names = replicas.map(({ name }) => name);
  const [ring, log] = [await target.read("/_lb/ring"), await target.read("/_lb/log")];
  return JSON.stringify({ version, digest, desired, template, names, ring, log });
}

/** Audit lines of changes that were not refused. */
function changesIn(output: string): string[] {
  return output.split("\n").filter((line) =>
    line.includes('"ringkeeper.audit"') && /"outcome":(?!"?[45]\d\d)/.test(line)
  );
}
