/**
 * The data plane alone, with a view that changes over and over: eight replicas, which two upstreams
 * stand for, and workers as the balancer has them. Arguments: the port, the upstreams' ports. Writes
 * a line for each moment, `mark KIND MICROSECONDS`, of three kinds in random order: `none` changes
 * nothing, `ready` has a replica fail or come back, `member` takes one out of the ring or back in.
 *
 * @module
 */
import { readConfig } from "../../../balancer/config.ts";
import { proxySettings } from "../../../balancer/proxy/settings.ts";
import { DataPlaneWorkers } from "../../../balancer/proxy/worker/pool.ts";
import type { Upstream } from "../../../balancer/view.ts";
import { Ring } from "../../../ring/mod.ts";
import { print } from "../../../tools/print.ts";
import { KINDS, MARK_MS } from "../view_windows.ts";

const [port = 0, ...upstreams] = Deno.args.map(Number);
const MEMBERS = Array.from({ length: 8 }, (_, at) => `Server${at + 1}`);
const FAILING = "Server3";
const LEAVING = "Server6";

let version = 0;
let instance = 0;
let failed = false;
let gone = false;

const ready = new Map<string, Upstream>();
for (const name of MEMBERS) start(name);

const config = readConfig({ LB_KEY: "path", LB_WORKERS: "1" });
const workers = new DataPlaneWorkers({
  settings: proxySettings(
    config,
    { hostname: "127.0.0.1", port },
  ),
  report: () => {},
  failures: { record: (action, error) => print(`${action}: ${error}`) },
});

/** A replica that comes back is another instance, with connections of its own. */
function start(name: string): void {
  const at = upstreams[MEMBERS.indexOf(name) % upstreams.length] ?? 0;
  const address = { hostname: "127.0.0.1", port: at };
  ready.set(name, { name, instance: `${name}-${++instance}`, address });
}

function publish(): void {
  const members = MEMBERS.filter((name) => !gone || name !== LEAVING);
  workers.publish({
    version: ++version,
    ring: Ring.build({ members }),
    ready: new Map(ready),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  });
}

/** In or out in turns; nothing at the moments that are there to be compared with. */
function change(kind: string): void {
  if (kind === "none") return;
  const out = kind === "ready" ? failed = !failed : gone = !gone;
  const name = kind === "ready" ? FAILING : LEAVING;
  if (out) ready.delete(name);
  else start(name);
  publish();
}

function shuffled(): string[] {
  return KINDS.map((kind) => ({ kind, order: Math.random() }))
    .sort((a, b) => a.order - b.order).map(({ kind }) => kind);
}

publish();
await workers.open();
let kinds = shuffled();
setInterval(() => {
  const kind = kinds.pop() ?? "none";
  if (kinds.length === 0) kinds = shuffled();
  print(`mark ${kind} ${Math.round((performance.timeOrigin + performance.now()) * 1000)}`);
  change(kind);
}, MARK_MS);
