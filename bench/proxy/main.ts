/**
 * `deno task bench:proxy`: the balancer beside its peers, on one core each, in one run.
 *
 * @module
 */
import { takeLock } from "../../tools/up/lock.ts";
import { say } from "../../tools/print.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { runTool, ToolError } from "../../tools/tool.ts";
import { drawChart } from "./chart.ts";
import { compete, type Field } from "./contest.ts";
import { describeMachine, isThere, versionLine } from "../harness/machine.ts";
import { Missing } from "../harness/missing.ts";
import { saveResult } from "../harness/save.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { PROXIES } from "./proxies.ts";
import type { Proxy } from "./proxy.ts";
import type { Result, Table } from "./result.ts";
import { SCENARIOS } from "./scenarios.ts";
import { tableLines } from "./table.ts";
import { Upstream, writeBodies } from "./upstreams.ts";

/** Programs that the bench itself needs, and the Debian packages that they are in. */
const NEEDED = {
  wrk: "wrk",
  h2load: "nghttp2-client",
  nginx: "nginx",
  taskset: "util-linux",
  setpriv: "util-linux",
};

async function main(): Promise<void> {
  const scenarios = [...new Set(SCENARIOS.map(({ group }) => group))];
  const options = readOptions(Deno.args, { scenarios, proxies: PROXIES.map(({ name }) => name) });
  if (options.help) return say(HELP);
  await requirePrograms();
  using _lock = await takeLock("bench-proxy");
  const folder = new URL("bench-proxy", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  await writeBodies(folder);
  const upstreams = [new Upstream("upstream1", folder), new Upstream("upstream2", folder)];
  try {
    for (const upstream of upstreams) await upstream.start();
    await save(await compare(upstreams, folder, options), options);
  } finally {
    for (const upstream of upstreams) await upstream.stop();
  }
}

async function requirePrograms(): Promise<void> {
  for (const [program, debianPackage] of Object.entries(NEEDED)) {
    if (await isThere(program)) continue;
    throw new ToolError(`${program} is not installed: apt-get install ${debianPackage}`);
  }
}

async function compare(
  upstreams: readonly Upstream[],
  folder: string,
  options: Options,
): Promise<Result> {
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const proxies = chosen(PROXIES, options.proxies, ({ name }) => name);
  const { versions, missing } = await inspect(proxies);
  const tables: Table[] = [];
  for (const scenario of chosen(SCENARIOS, options.scenarios, ({ group }) => group)) {
    const field: Field = { proxies, missing, upstreams, folder, options };
    const table = await compete(scenario, field);
    tables.push(table);
    say(`\n${tableLines(table).join("\n")}`);
  }
  return { date, machine, versions, rounds: options.rounds, seconds: options.seconds, tables };
}

/** Those that were named, or all where none was. */
function chosen<T>(all: readonly T[], names: readonly string[], nameOf: (one: T) => string): T[] {
  return all.filter((one) => names.length === 0 || names.includes(nameOf(one)));
}

/** Versions of those that are there, and what is missing of the others. */
async function inspect(proxies: readonly Proxy[]) {
  const versions: Record<string, string> = {};
  const missing = new Map<string, string>();
  for (const proxy of proxies) {
    try {
      versions[proxy.name] = await proxy.version();
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      missing.set(proxy.name, error.message);
    }
  }
  versions["wrk"] = await versionLine("wrk", "-v");
  versions["h2load"] = await versionLine("h2load", "--version");
  versions["upstream"] = await versionLine("nginx", "-v");
  return { versions, missing };
}

async function save(result: Result, { out, quick }: Options): Promise<void> {
  const name = `proxy${quick ? "-quick" : ""}`;
  await saveResult({ result, chart: await drawChart(result), name, out });
}

if (import.meta.main) await runTool(main);
