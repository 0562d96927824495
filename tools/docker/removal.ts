/**
 * Removes a fleet's objects from the Docker Engine, and none of another fleet or checkout.
 *
 * @module
 */
import { verbOf } from "../up/verb_of.ts";
import { docker, ids } from "./command.ts";
import { projectContainers } from "./project.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { FLEET_LABEL } from "../project.ts";

/** Longer than stop_grace_period in compose.yaml; after that Docker itself kills. */
const STOP_SECONDS = "30";

/** The longest silence of a live balancer, in milliseconds: `SILENCE_MS` of its mark. */
const SILENCE_MS = 6000;

/** Milliseconds between two reads of a mark. */
const LOOK_MS = 250;

/** The outcome of a removal. */
export interface Removal {
  /** The number of removed containers and networks. */
  readonly removed: number;
  /** The remaining containers and the reason, in words; undefined if none remain. */
  readonly kept?: string;
}

/**
 * Ends the balancer, which removes its replicas; then removes the rest of the fleet.
 *
 * @param places the places of the fleet
 * @param fleet value of the label on the replicas
 * @param progress called at every step
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

/** One volume of the mark that names a fleet's owner (balancer/engine/fleet_owner.ts). */
interface Mark {
  readonly name: string;
  readonly kind: string;
  readonly host: string;
  readonly pid: string;
}

/**
 * Returns a live balancer that owns the fleet, in words. The mark of a killed balancer remains, but
 * its heartbeat stops.
 *
 * @param ofFleet filter for the fleet
 * @param dead containers of stopped balancers; the host name of each is its id
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

/** The volumes that name the fleet's owner; a killed balancer leaves them behind. */
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
