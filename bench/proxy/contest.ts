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
import { PROXY_CORE, startPinned } from "./pinned.ts";
import type { Proxy } from "./proxy.ts";
import type { Row, Table } from "./result.ts";
import { type Scenario, SHARE, type Subject } from "./scenario.ts";
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
  const rate = await commonRate(scenario, accounts, field);
  for (let round = 1; round <= field.options.rounds; round++) {
    for (const account of accounts.filter(({ proxy }) => !field.missing.has(proxy.name))) {
      printError(`${scenario.name}, round ${round}: ${account.proxy.name}`);
      await turn(scenario, account, field, rate);
    }
  }
  const { name, title, metrics } = scenario;
  return { scenario: name, title, metrics, rows: accounts.map(rowOf) };
}

/** A turn that fails is noted and does not count; the others go on. */
async function turn(
  scenario: Scenario,
  account: Account,
  field: Field,
  rate: number,
): Promise<void> {
  try {
    const measure = (subject: Subject) => scenario.measure({ ...subject, rate });
    account.samples.push(await during(scenario, account.proxy, field, measure));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    account.fault = error.message;
    printError(`${account.proxy.name}: ${error.message}`);
  }
}

function takesPart({ kinds, names }: Scenario, { kind, name }: Proxy): boolean {
  return (kinds?.includes(kind) ?? true) && (names?.includes(name) ?? true);
}

/** @returns the rate that all get; 0 where the scenario has none, or no proxy answers */
async function commonRate(
  scenario: Scenario,
  accounts: readonly Account[],
  field: Field,
): Promise<number> {
  if (!scenario.most) return 0;
  let least = Infinity;
  for (const { proxy, fault } of accounts) {
    if (fault !== undefined) continue;
    printError(`${scenario.name}, what it carries: ${proxy.name}`);
    least = Math.min(least, await during(scenario, proxy, field, scenario.most));
  }
  return least === Infinity ? 0 : SHARE * least;
}

/** Starts a proxy, does something with it, and ends it. */
async function during<T>(
  scenario: Scenario,
  proxy: Proxy,
  field: Field,
  act: (subject: Subject) => Promise<T>,
): Promise<T> {
  const { upstreams, folder, options } = field;
  const port = freePort();
  const ports = upstreams.map((upstream) => upstream.port);
  const http2Port = scenario.http2 ? freePort() : 0;
  const tlsPort = scenario.tls ? freePort() : 0;
  const setup = { port, http2Port, tlsPort, upstreams: ports, folder };
  const command = scenario.command?.(setup) ?? await proxy.command(setup);
  await using program = startPinned(command, PROXY_CORE, `${folder}/${proxy.name}.log`);
  if (!await answers(`http://127.0.0.1:${port}/small/0`, program.ended)) {
    const log = lastLines(await Deno.readTextFile(program.log), 3);
    throw new ToolError(`does not answer: ${log}`);
  }
  const { pid, log } = program;
  const warmUp = options.quick ? 1 : 2;
  // The balancer serves both protocols on one port.
  const own = scenario.http2 && proxy.kind === "own";
  const place = { port, tlsPort, http2Port: own ? port : http2Port };
  return await act({ ...options, ...place, warmUp, pid, log, upstreams, folder, rate: 0 });
}

function rowOf({ proxy, samples, fault }: Account): Row {
  const row = { name: proxy.name, kind: proxy.kind, samples, median: medianOf(samples) };
  return fault === undefined ? row : { ...row, fault };
}
