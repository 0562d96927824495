/**
 * The proxies take turns: each is started, measured and ended, round after round.
 *
 * @module
 */
import { lastLines } from "../../tools/command.ts";
import { printError } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { answers, freePort } from "../harness/program.ts";
import { medianOf, type Sample } from "./metrics.ts";
import type { Options } from "./options.ts";
import { PROXY_CORE, startPinned } from "../harness/pinned.ts";
import type { Proxy } from "./proxy.ts";
import type { Row, Table } from "./result.ts";
import { type FixedRate, type Scenario, SHARE, type Subject } from "./scenario.ts";
import { notCarried } from "./carried.ts";
import type { Upstream } from "./upstreams.ts";

/** The participants of a contest. */
export interface Field {
  readonly proxies: readonly Proxy[];
  /** Why a proxy cannot take part, by its name. */
  readonly missing: ReadonlyMap<string, string>;
  readonly upstreams: readonly Upstream[];
  readonly folder: string;
  readonly options: Options;
}

/** One proxy's account of a scenario. */
interface Account {
  readonly proxy: Proxy;
  readonly samples: Sample[];
  fault: string | undefined;
}

/** Runs one scenario with every proxy. */
export async function compete(scenario: Scenario, field: Field): Promise<Table> {
  const accounts = field.proxies.filter((proxy) => takesPart(scenario, proxy))
    .map((proxy): Account => ({ proxy, samples: [], fault: field.missing.get(proxy.name) }));
  if (scenario.fixedRate) await atOneRate(scenario, scenario.fixedRate, accounts, field);
  else await inTurns(scenario, accounts, field);
  const { name, title, metrics } = scenario;
  return { scenario: name, title, metrics, rows: accounts.map(rowOf) };
}

/** Starts a proxy for each of its measurements. */
async function inTurns(
  scenario: Scenario,
  accounts: readonly Account[],
  field: Field,
): Promise<void> {
  for (let round = 1; round <= field.options.rounds; round++) {
    for (const account of accounts.filter(({ proxy }) => !field.missing.has(proxy.name))) {
      printError(`${scenario.name}, round ${round}: ${account.proxy.name}`);
      await noted(account, async () => {
        await using started = await start(scenario, account.proxy, field);
        account.samples.push(await scenario.measure(started.subject));
      });
    }
  }
}

/**
 * All proxies run from the first to the last round, so that a round is short and the rounds of all
 * are close together. Those that wait use no CPU.
 */
async function atOneRate(
  scenario: Scenario,
  { most, leastRounds }: FixedRate,
  accounts: readonly Account[],
  field: Field,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const started: { account: Account; subject: Subject }[] = [];
  let least = Infinity;
  for (const account of accounts.filter(({ fault }) => fault === undefined)) {
    printError(`${scenario.name}, what it carries: ${account.proxy.name}`);
    await noted(account, async () => {
      const { subject } = stack.use(await start(scenario, account.proxy, field));
      least = Math.min(least, await most(subject));
      started.push({ account, subject });
    });
  }
  const { quick, rounds } = field.options;
  for (let round = 1; round <= (quick ? rounds : Math.max(leastRounds, rounds)); round++) {
    printError(`${scenario.name}, round ${round} at ${Math.round(SHARE * least)} requests/s`);
    for (const { account, subject } of rotated(started, round)) {
      await noted(account, async () => {
        account.samples.push(await scenario.measure({ ...subject, rate: SHARE * least, round }));
      });
    }
  }
  for (const account of accounts) account.fault ??= notCarried(account.samples);
}

/** Each round begins with another one. */
function rotated<T>(all: readonly T[], by: number): T[] {
  return all.map((_, at) => all[(at + by) % all.length] as T);
}

/** A turn that fails is noted and does not count; the others go on. */
async function noted(account: Account, turn: () => Promise<void>): Promise<void> {
  try {
    await turn();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    account.fault = error.message;
    printError(`${account.proxy.name}: ${error.message}`);
  }
}

function takesPart({ kinds, names }: Scenario, { kind, name }: Proxy): boolean {
  return (kinds?.includes(kind) ?? true) && (names?.includes(name) ?? true);
}

/** Starts a proxy; disposing of it ends it. */
async function start(
  scenario: Scenario,
  proxy: Proxy,
  field: Field,
): Promise<AsyncDisposable & { readonly subject: Subject }> {
  const { upstreams, folder, options } = field;
  const port = freePort();
  const ports = upstreams.map((upstream) => upstream.port);
  const http2Port = scenario.http2 ? freePort() : 0;
  const tlsPort = scenario.tls ? freePort() : 0;
  const setup = { port, http2Port, tlsPort, upstreams: ports, folder };
  const command = scenario.command?.(setup) ?? await proxy.command(setup);
  await using stack = new AsyncDisposableStack();
  const program = stack.use(startPinned(command, PROXY_CORE, `${folder}/${proxy.name}.log`));
  if (!await answers(`http://127.0.0.1:${port}/small/0`, program.ended)) {
    const log = lastLines(await Deno.readTextFile(program.log), 3);
    throw new ToolError(`does not answer: ${log}`);
  }
  const { pid, log } = program;
  const warmUp = options.quick ? 1 : 2;
  // The balancer serves both protocols on one port.
  const own = scenario.http2 && proxy.kind === "own";
  const place = { port, tlsPort, http2Port: own ? port : http2Port };
  const run = { pid, log, upstreams, folder, rate: 0, round: 1 };
  const running = stack.move();
  return {
    subject: { ...options, ...place, ...run, warmUp },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function rowOf({ proxy, samples, fault }: Account): Row {
  const row = { name: proxy.name, kind: proxy.kind, samples, median: medianOf(samples) };
  return fault === undefined ? row : { ...row, fault };
}
