/**
 * Removes what a fleet has on the Docker Engine, and nothing of another fleet or checkout.
 *
 * @module
 */
import { verbOf } from "../up/verb_of.ts";
import { docker, ids } from "./command.ts";
import { projectContainers } from "./project.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { FLEET_LABEL } from "../project.ts";

/** Longer than stop_grace_period of compose.yaml takes; then Docker itself kills. */
const STOP_SECONDS = "30";

/** Longest silence of a balancer that lives, in milliseconds: `SILENCE_MS` of its mark. */
const SILENCE_MS = 6000;

/** Milliseconds between two looks at a mark. */
const LOOK_MS = 250;

/** The outcome of a removal. */
export interface Removal {
  /** How many containers and networks went. */
  readonly removed: number;
  /** Which containers were left alone and why, in words; undefined where none is left. */
  readonly kept?: string;
}

/**
 * Ends the balancer, which removes its replicas; then removes what is left of the fleet.
 *
 * @param places of the fleet
 * @param fleet value of the label on the replicas
 * @param progress told of every step
 */
export async function removeProject(
  places: FleetPlaces,
  fleet: string,
  progress: (line: string) => void,
): Promise<Removal> {
  const { own, foreign } = await projectContainers(places);
  if (foreign !== undefined) {
    const stop = verbOf(fleet, `-C ${foreign} stop`);
    return { removed: 0, kept: `the fleet "${fleet}" was started from ${foreign}: ${stop}` };
  }
  if (own.length > 0) {
    progress("stopping the balancer's container (requests that run are finished first)");
    await docker(["stop", "-t", STOP_SECONDS, ...own]);
  }
  const ofFleet = `label=${FLEET_LABEL}=${fleet}`;
  const leftovers = await ids(["ps", "-aq", "--filter", ofFleet]);
  const owner = leftovers.length > 0 ? await livingOwner(ofFleet, own) : undefined;
  if (owner !== undefined) {
    return {
      removed: await removeContainers(own),
      kept: `${leftovers.length} containers of the fleet "${fleet}" belong to ${owner}`,
    };
  }
  if (leftovers.length > 0) progress(`removing ${leftovers.length} replicas that it left`);
  const containers = await removeContainers([...new Set([...own, ...leftovers])]);
  await removeMark(ofFleet);
  const filters = [`label=com.docker.compose.project=${places.project}`, ofFleet];
  return { removed: containers + await removeNetworks(filters) };
}

async function removeContainers(containers: readonly string[]): Promise<number> {
  if (containers.length > 0) await docker(["rm", "-f", "-v", ...containers]);
  return containers.length;
}

/** One volume of the mark that says which balancer owns a fleet (balancer/engine/fleet_owner.ts). */
interface Mark {
  readonly name: string;
  readonly kind: string;
  readonly host: string;
  readonly pid: string;
}

/**
 * Another balancer that owns the fleet and lives, in words. The mark of one that was killed stays
 * and beats no more.
 *
 * @param ofFleet filter for the fleet
 * @param dead containers of balancers that were stopped; the host name of each is its id
 */
async function livingOwner(ofFleet: string, dead: readonly string[]): Promise<string | undefined> {
  const first = await marksOf(ofFleet);
  const owner = first.find(({ kind }) => kind === "owner");
  if (!owner || dead.some((id) => id.startsWith(owner.host))) return undefined;
  for (const start = performance.now(); performance.now() - start < SILENCE_MS;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const marks = await marksOf(ofFleet);
    if (!marks.some(({ kind }) => kind === "owner")) return undefined;
    if (beatsOf(marks) !== beatsOf(first)) {
      return `a balancer that runs (process id ${owner.pid} on ${owner.host})`;
    }
  }
  return undefined;
}

async function marksOf(ofFleet: string): Promise<Mark[]> {
  const labels = ["mark", "host", "pid"].map((name) => `{{.Label "ringkeeper.${name}"}}`);
  const format = `{{.Name}}\t${labels.join("\t")}`;
  const rows = await ids(["volume", "ls", "--filter", ofFleet, "--format", format]);
  return rows.map((row) => {
    const [name = "", kind = "", host = "", pid = ""] = row.split("\t");
    return { name, kind, host, pid };
  });
}

/** Changes with each heartbeat. */
function beatsOf(marks: readonly Mark[]): string {
  return marks.filter(({ kind }) => kind === "beat").map(({ name }) => name).sort().join();
}

/** The volumes that say whose the fleet is; a balancer that was killed leaves them. */
async function removeMark(ofFleet: string): Promise<void> {
  const filters = ["--filter", ofFleet, "--filter", "label=ringkeeper.mark"];
  const found = await ids(["volume", "ls", "-q", ...filters]);
  if (found.length > 0) await docker(["volume", "rm", ...found]);
}

async function removeNetworks(filters: readonly string[]): Promise<number> {
  const found = new Set<string>();
  for (const filter of filters) {
    for (const id of await ids(["network", "ls", "-q", "--filter", filter])) found.add(id);
  }
  if (found.size > 0) await docker(["network", "rm", ...found]);
  return found.size;
}
