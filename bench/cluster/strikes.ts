/**
 * Failures of replicas and machines under load, and the times until all balancers have overcome
 * them.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import type { Replica, Status } from "../../tests/harness/balancer.ts";
import { Load } from "../../tests/harness/load.ts";
import { Balancers } from "./balancers.ts";

/** The times of one failure, in milliseconds. */
interface Strike {
  /** Until no balancer routed to the instance. */
  readonly outMs: number;
  /** Until the ring was full again at every balancer. */
  readonly fullMs: number;
}

/** Failures of one kind, and the requests during all of them. */
export interface Strikes {
  readonly strikes: readonly Strike[];
  readonly served: number;
  readonly lost: readonly string[];
}

/**
 * Kills replicas, one after the other, each on another machine than the first.
 *
 * @param balancers the balancers
 * @param count how many
 */
export async function killReplicas(balancers: Balancers, count: number): Promise<Strikes> {
  return await underLoad(balancers, async () => {
    const strikes: Strike[] = [];
    for (let kill = 0; kill < count; kill++) {
      const status = await balancers.all[0]!.balancer.status();
      const own = balancers.machines.nameOf(1);
      const others = status.replicas.filter(({ machine }) => machine !== own);
      const victim = others[kill % others.length] ?? status.replicas[0]!;
      const pids = await processesOf(balancers, victim);
      const out = () => balancers.until((seen) => isOut(seen, victim));
      const full = () => balancers.until((seen) => isReplaced(seen, victim));
      for (const pid of pids) Deno.kill(pid, "SIGKILL");
      const [outMs, fullMs] = await Promise.all([out(), full()]);
      strikes.push({ outMs, fullMs });
      await balancers.until(isWhole);
    }
    return strikes;
  });
}

/**
 * Takes the power from a machine.
 *
 * @param balancers the balancers
 * @param leader whether it is the machine of the swarm's leader; else it is another one
 */
export async function powerOff(balancers: Balancers, leader: boolean): Promise<Strikes> {
  const { machines } = balancers;
  const roles = await machines.docker(
    1,
    "node",
    "ls",
    "--format",
    "{{.Hostname}} {{.ManagerStatus}}",
  );
  const lead = roles.split("\n").find((row) => row.endsWith("Leader"))?.split(" ")[0];
  const machine = machines.all.find((one) => (machines.nameOf(one) === lead) === leader)!;
  const name = machines.nameOf(machine);
  const survivors = balancers.all.filter((one) => one.machine !== machine);
  return await underLoad({ all: survivors }, async () => {
    const ended = balancers.off(machine);
    const out = balancers.until(({ replicas }) =>
      replicas.every((one) => one.machine !== name || one.state !== "ready")
    );
    const full = balancers.until((status) =>
      isWhole(status) && status.replicas.every((one) => one.machine !== name)
    );
    const [outMs, fullMs] = await Promise.all([out, full, ended]);
    return [{ outMs, fullMs }];
  });
}

async function underLoad(
  { all }: Pick<Balancers, "all">,
  strike: () => Promise<Strike[]>,
): Promise<Strikes> {
  const loads = all.map(({ balancer }) => new Load(`${balancer.url}/home`, 1));
  const strikes = await strike();
  const results = await Promise.all(loads.map((load) => load.stop()));
  const served = results.flatMap(({ served }) => [...served.values()]);
  return {
    strikes,
    served: served.reduce((all, one) => all + one, 0),
    lost: results.flatMap(({ failed }) => failed),
  };
}

/** Host-wide process ids of a replica's container; `docker kill` would add its own time. */
async function processesOf({ machines }: Balancers, victim: Replica): Promise<number[]> {
  const at = machines.all.find((one) => machines.nameOf(one) === victim.machine) ?? 0;
  const label = `label=com.docker.swarm.service.id=${victim.instance}`;
  const id = await machines.docker(at, "ps", "-q", "--no-trunc", "--filter", label);
  const script = 'grep -l "$1" /proc/[0-9]*/cgroup 2>/dev/null';
  const { stdout } = await run("sh", ["-c", script, "sh", id]);
  const pids = stdout.match(/(?<=\/proc\/)\d+/g)?.map(Number) ?? [];
  if (pids.length === 0) throw new Error(`no process of ${victim.name} was found`);
  return pids;
}

function isOut({ replicas }: Status, victim: Replica): boolean {
  const one = replicas.find(({ name }) => name === victim.name);
  return one === undefined || one.instance !== victim.instance || one.state !== "ready";
}

function isReplaced(status: Status, victim: Replica): boolean {
  const one = status.replicas.find(({ name }) => name === victim.name);
  return isWhole(status) && one?.instance !== victim.instance;
}

function isWhole({ ready, desired }: Status): boolean {
  return ready === desired;
}
