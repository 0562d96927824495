/**
 * `deno task bench:proxy`: the balancer beside its peers, on one core each, in one run.
 *
 * @module
 */
import { print } from "../../tools/print.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { describeMachine, isThere, Missing, versionLine } from "../harness/machine.ts";
import { saveResult } from "../harness/result.ts";
import { runBench } from "../harness/run.ts";
import { compete, type Field } from "./contest.ts";
import { type Options, proxyOptions } from "./options.ts";
import { PROXIES } from "./proxies.ts";
import type { Proxy } from "./proxy.ts";
import { drawResult, type Result, type Table, textOf } from "./result.ts";
import { SCENARIOS } from "./scenarios.ts";
import { writeCertificate } from "./certificate.ts";
import { Upstream, writeBodies } from "./upstreams.ts";

/** Programs that the bench itself needs, and the Debian packages that they are in. */
const NEEDED = {
  wrk: "wrk",
  h2load: "nghttp2-client",
  nginx: "nginx",
  openssl: "openssl",
  taskset: "util-linux",
  setpriv: "util-linux",
};

async function main(options: Options): Promise<void> {
  await requirePrograms();
  const folder = new URL("bench-proxy", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  await writeBodies(folder);
  await writeCertificate(folder);
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
  const proxies = chosen(PROXIES, options.proxy, ({ name }) => name);
  const { versions, missing } = await inspect(proxies);
  const tables: Table[] = [];
  for (const scenario of chosen(SCENARIOS, options.scenario, ({ group }) => group)) {
    const field: Field = { proxies, missing, upstreams, folder, options };
    const table = await compete(scenario, field);
    tables.push(table);
    print(`\n${textOf(table)}`);
  }
  return { date, machine, versions, rounds: options.rounds, seconds: options.seconds, tables };
}

/** Those that were named, or all where none was. */
function chosen<T>(all: readonly T[], names: readonly string[], nameOf: (one: T) => string): T[] {
  return all.filter((one) => names.length === 0 || names.includes(nameOf(one)));
}

/** Versions of the installed peers, and the missing programs of the others. */
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
  await saveResult({ result, chart: await drawResult(result), name, out });
}

const groups = [...new Set(SCENARIOS.map(({ group }) => group))];
const options = proxyOptions(groups, PROXIES.map(({ name }) => name));
if (import.meta.main) await runBench("bench-proxy", options, main);
