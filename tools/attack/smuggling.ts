/**
 * Request smuggling: each message of a corpus goes through the balancer to real servers. A server
 * must read only requests that the client sent, with their bodies, and a concurrent client must get
 * the response to its own request.
 *
 * @module
 */
import { RawBalancer } from "../../tests/harness/raw/balancer.ts";
import { within } from "../../tests/harness/raw/within.ts";
import { RUN_DIR } from "../project.ts";
import { type Attack, type AttackOptions, Findings, inLanes, type Result } from "./attack.ts";
import { exchange, replies, type Reply } from "./exchange.ts";
import { type RecordingServer, type SeenRequest, serversHere } from "./recording_servers.ts";
import { type SentRequest, sentRequests } from "./sent_requests.ts";
import { SmugglingCorpus } from "./smuggling_corpus.ts";

/** Concurrent cases, so that their requests share connections to the server. */
const LANES = 8;

/** A short deadline for messages and bodies that end too early. */
const SETTINGS = {
  LB_HEAD_TIMEOUT_MS: "2000",
  LB_BODY_TIMEOUT_MS: "2000",
  LB_RESPONSE_TIMEOUT_MS: "5000",
  LB_MAX_CONNECTIONS_PER_CLIENT: "0",
};

/** The attack. */
export const smuggling: Attack = {
  name: "smuggling",
  about: "ambiguous framing, against real servers",
  count: 3000,
  run: async (options) => {
    const { servers, missing } = await serversHere();
    const results: Result[] = [];
    for (const start of servers) {
      const folder = await Deno.makeTempDir({ dir: RUN_DIR.pathname, prefix: "attack-" });
      try {
        await using server = await start(folder);
        results.push(await throughBalancer(server, options));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    }
    const absent = missing.map((name) => absentResult(name));
    return [...results, ...absent];
  },
};

function absentResult(name: string): Result {
  return { against: name, tried: 0, fallen: [], note: "not installed here" };
}

async function throughBalancer(server: RecordingServer, options: AttackOptions): Promise<Result> {
  await using balancer = await RawBalancer.for([server.address], SETTINGS);
  const result = await new Differential(server, balancer.port).run(options);
  const failures = Object.keys(await balancer.failures());
  if (failures.length === 0) return result;
  return { ...result, fallen: [...result.fallen, `failures of the balancer: ${failures}`] };
}

/** One message of the corpus. */
interface Case {
  readonly message: string;
  readonly sent: readonly SentRequest[];
  /** Target of the concurrent client. */
  readonly other: string;
}

/** The cases against one server, through one port. */
export class Differential {
  readonly #server: RecordingServer;
  readonly #port: number;
  readonly #findings = new Findings();
  /** Requests that clients sent, by target. */
  readonly #sent = new Map<string, SentRequest & { readonly message: string }>();
  #answered = 0;

  /**
   * @param server the server that receives the requests
   * @param port the port on this machine that receives the messages
   */
  constructor(server: RecordingServer, port: number) {
    this.#server = server;
    this.#port = port;
  }

  /** Sends all cases and compares the recorded requests. */
  async run({ count, seed }: AttackOptions): Promise<Result> {
    await inLanes(cases(count, seed), LANES, (one) => this.#try(one));
    const seen = await this.#allSeen();
    this.#check(seen);
    const note = `${this.#answered} answered, ${seen.length} requests read`;
    return { against: this.#server.name, tried: count, fallen: this.#findings.all, note };
  }

  async #try({ message, sent, other }: Case): Promise<void> {
    for (const request of sent) this.#sent.set(request.target, { ...request, message });
    this.#sent.set(other, { method: "GET", target: other, body: "", message: "" });
    const [{ text, stuck }, own] = await Promise.all([
      exchange(this.#port, message),
      this.#ask(other),
    ]);
    if (stuck) this.#findings.add(`no end of the connection: ${quoted(message)}`);
    const methods = sent.map(({ method }) => method);
    for (const [at, reply] of replies(text, methods).entries()) {
      if (reply.status !== 200) continue;
      this.#answered++;
      this.#expect(reply, sent[at]?.target, message);
    }
    if (own?.status === 200) this.#expect(own, other, message);
    else this.#findings.add(`another client got ${own?.status}: ${quoted(message)}`);
  }

  #expect({ body }: Reply, target: string | undefined, message: string): void {
    if (body === target) return;
    this.#findings.add(`answer ${quoted(body)} to ${target}: ${quoted(message)}`);
  }

  async #ask(target: string): Promise<Reply | undefined> {
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    return replies((await exchange(this.#port, request)).text)[0];
  }

  /**
   * A server may record a request after its response: sends one more request, and waits for its
   * record.
   */
  async #allSeen(): Promise<readonly SeenRequest[]> {
    const last = "/last";
    await this.#ask(last);
    const wait = async () => {
      for (;;) {
        const seen = await this.#server.seen();
        if (seen.some(({ target }) => target === last)) {
          return seen.filter(({ target }) => target !== last);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return await within("the last request in the server's record", wait());
  }

  #check(seen: readonly SeenRequest[]): void {
    const targets = new Set<string>();
    for (const { method, target, body } of seen) {
      const sent = this.#sent.get(target);
      const read = quoted(`${method} ${target} ${body}`);
      if (!sent || sent.method !== method) {
        this.#findings.add(`no client sent the request ${read} ${quoted(this.#messageOf(target))}`);
      } else if (body !== undefined && body !== sent.body) {
        this.#findings.add(
          `a request was read with another body, ${read}: ${quoted(sent.message)}`,
        );
      } else if (targets.has(target)) {
        this.#findings.add(`a request was read twice, ${read}: ${quoted(sent.message)}`);
      }
      targets.add(target);
    }
  }

  /** The message of a target, to reproduce the case. */
  #messageOf(target: string): string {
    const outer = target.replace(/^\/hidden\//, "/case/");
    return this.#sent.get(outer)?.message ?? "";
  }
}

function* cases(count: number, seed: number): Iterable<Case> {
  const corpus = new SmugglingCorpus(seed);
  for (let n = 0; n < count; n++) {
    const message = corpus.next({ outer: `/case/${n}`, hidden: `/hidden/${n}` });
    yield { message, sent: sentRequests(message), other: `/other/${n}` };
  }
}

function quoted(bytes: string): string {
  return JSON.stringify(bytes).slice(0, 400);
}
