/**
 * Damaged messages over sockets, while another client expects an answer to each of its requests.
 *
 * @module
 */
import { CALLS } from "../../balancer/control/endpoints/table.ts";
import { chunkedBody, requestHead } from "../../balancer/proxy/http1/fuzz/fuzz_messages.ts";
import { Mutator } from "../../balancer/proxy/http1/fuzz/fuzz_mutator.ts";
import { Random } from "../../balancer/proxy/http1/fuzz/fuzz_random.ts";
import { serveDuring } from "../../tests/harness/flood.ts";
import { bytesOf, textOf } from "../../tests/harness/raw/message.ts";
import { type Attack, type AttackOptions, Findings, inLanes, type Result } from "./attack.ts";
import { exchange } from "./exchange.ts";
import { Target } from "./target.ts";

const LANES = 16;

/** Limit on the damaged places of a message. */
const MOST_DAMAGE = 6;

/** A short deadline for messages that end too early. This program's event loop is busy. */
const SETTINGS = {
  LB_ENGINE: "process",
  LB_REPLICAS: "2",
  LB_WORKERS: "2",
  LB_PUBLIC_API: "all",
  LB_ADMIN_LISTEN: "127.0.0.1:0",
  LB_HEAD_TIMEOUT_MS: "2000",
  LB_BODY_TIMEOUT_MS: "2000",
  LB_HEARTBEAT_TIMEOUT_MS: "5000",
};

/** The attack. */
export const mutations: Attack = {
  name: "mutations",
  about: "damaged messages, while a client wants to be served",
  count: 20_000,
  run: async (options) => {
    await using target = await Target.start(SETTINGS);
    return [await assault(target, options)];
  },
};

async function assault(target: Target, { count, seed }: AttackOptions): Promise<Result> {
  const findings = new Findings();
  const before = (await target.status()).replicas.map(({ instance }) => instance);
  const over = new AbortController();
  const client = serveDuring(`${target.balancer.url}/home`, over.signal);
  await inLanes(messages(count, seed), LANES, async ({ message, own }) => {
    const { stuck } = await exchange(own ? target.apiPort : target.port, message);
    if (stuck) findings.add(`no end of the connection: ${JSON.stringify(message)}`);
  });
  over.abort();
  const { answered, wrong, longestMs } = await client;
  for (const outcome of wrong) findings.add(`the client was answered: ${outcome}`);
  const { replicas, failures } = await target.status();
  const after = replicas.map(({ instance }) => instance);
  if (after.join() !== before.join()) findings.add(`replicas were replaced: ${before} by ${after}`);
  for (const failure of Object.keys(failures)) findings.add(`failure of the balancer: ${failure}`);
  const { code, output } = await target.end();
  if (code !== 0) findings.add(`the balancer ended with code ${code}: ${output.slice(-500)}`);
  return {
    against: "both ports",
    tried: count,
    fallen: findings.all,
    note: `${answered} requests of the client answered, the slowest in ${longestMs} ms`,
  };
}

/** A message, and whether it goes to the API's own port. */
interface Damaged {
  readonly message: string;
  readonly own: boolean;
}

function* messages(count: number, seed: number): Iterable<Damaged> {
  const random = new Random(seed);
  const mutator = new Mutator(random);
  for (let n = 0; n < count; n++) {
    const head = requestHead(random);
    const aimed = random.once(3) ? atCall(head, random) : head;
    mutator.load(bytesOf(aimed + (random.once(2) ? chunkedBody(random) : "12345")), MOST_DAMAGE);
    yield { message: textOf(mutator.bytes.subarray(0, mutator.length)), own: random.once(3) };
  }
}

/** The same head as a call of the API. */
function atCall(head: string, random: Random): string {
  const { method, path } = random.pick(CALLS);
  return head.replace(/^\S+ \S+/, `${method} ${path.replace(":name", "Server1")}`);
}
