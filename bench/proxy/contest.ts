/**
 * The proxies take turns: each is started, measured and ended, round after round.
 *
 * @module
 */
import { lastLines } from "../../tools/command.ts";
import { complain } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { answers, freePort } from "../harness/program.ts";
import { medianOf, type Sample } from "./metrics.ts";
import type { Options } from "./options.ts";
import { PROXY_CORE, startPinned } from "./pinned.ts";
import type { Proxy } from "./proxy.ts";
import type { Row, Table } from "./result.ts";
import type { Scenario } from "./scenario.ts";
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
  const accounts = field.proxies.filter(({ kind }) => scenario.kinds?.includes(kind) ?? true)
    .map((proxy): Account => ({ proxy, samples: [], fault: field.missing.get(proxy.name) }));
  for (let round = 1; round <= field.options.rounds; round++) {
    for (const account of accounts.filter(({ proxy }) => !field.missing.has(proxy.name))) {
      complain(`${scenario.name}, round ${round}: ${account.proxy.name}`);
      await turn(scenario, account, field);
    }
  }
  const { name, title, metrics } = scenario;
  return { scenario: name, title, metrics, rows: accounts.map(rowOf) };
}

/** A turn that fails is noted and does not count; the others go on. */
async function turn(scenario: Scenario, account: Account, field: Field): Promise<void> {
  try {
    account.samples.push(await measure(scenario, account.proxy, field));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    account.fault = error.message;
    complain(`${account.proxy.name}: ${error.message}`);
  }
}

async function measure(scenario: Scenario, proxy: Proxy, field: Field): Promise<Sample> {
  const { upstreams, folder, options } = field;
  const port = freePort();
  const ports = upstreams.map((upstream) => upstream.port);
  const setup = { port, upstreams: ports, folder };
  const command = scenario.command?.(setup) ?? await proxy.command(setup);
  await using program = startPinned(command, PROXY_CORE, `${folder}/${proxy.name}.log`);
  if (!await answers(`http://127.0.0.1:${port}/small/0`, program.ended)) {
    const log = lastLines(await Deno.readTextFile(program.log), 3);
    throw new ToolError(`does not answer: ${log}`);
  }
  const { pid, log } = program;
  const warmUp = options.quick ? 1 : 2;
  return await scenario.measure({ ...options, warmUp, pid, log, port, upstreams, folder });
}

function rowOf({ proxy, samples, fault }: Account): Row {
  const row = { name: proxy.name, kind: proxy.kind, samples, median: medianOf(samples) };
  return fault === undefined ? row : { ...row, fault };
}
