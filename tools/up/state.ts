/**
 * What `up` started, written down for `down`, `logs` and the next `up`.
 *
 * @module
 */
import { DEFAULT_FLEET } from "../../balancer/engine/fleet_names.ts";
import { type FleetPlaces, FLEETS, placesOf } from "../fleet_places.ts";
import { ROOT } from "../project.ts";

/** A started balancer. */
export interface State {
  readonly engine: "process" | "docker";
  /** Where the page and the API are: `http://host:port`, or `unix:/path`. */
  readonly url: string;
  /** Where the service is. */
  readonly service?: string;
  /** The file of the admin token that the balancer made, as long as it runs. */
  readonly tokenFile?: string;
  /** Value of the label that its containers carry. */
  readonly fleet: string;
  /** Engine process: an argument of the process, so that a reused pid is never mistaken for it. */
  readonly runId?: string;
}

/** What the last `up` of a fleet wrote to its file; undefined when nothing was started. */
export async function readState(file: URL): Promise<State | undefined> {
  try {
    return parseState(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The places of a fleet: those of the default fleet where an older version started it there.
 *
 * @param fleet its name
 */
export async function placesInUse(fleet: string): Promise<FleetPlaces> {
  const places = placesOf(fleet);
  if (fleet === DEFAULT_FLEET || await readState(places.stateFile)) return places;
  const older = placesOf(DEFAULT_FLEET);
  return (await readState(older.stateFile))?.fleet === fleet ? older : places;
}

/** What the last `up` of each fleet wrote down that this checkout has started and not stopped. */
export async function startedFleets(): Promise<State[]> {
  const states = await Promise.all(
    [DEFAULT_FLEET, ...await folders(FLEETS)].map((fleet) => readState(placesOf(fleet).stateFile)),
  );
  return states.filter((state) => state !== undefined);
}

async function folders(parent: URL): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(parent))).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A file that was cut short by a crash says nothing that can be acted on. */
function parseState(text: string): State | undefined {
  try {
    return JSON.parse(text) as State;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes the state down, in one step so that no reader sees half of it. */
export async function writeState(state: State, file: URL): Promise<void> {
  await Deno.mkdir(new URL("./", file), { recursive: true });
  const draft = new URL(`${file.href}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, JSON.stringify(state, undefined, 2) + "\n");
  await Deno.rename(draft, file);
}

/**
 * Writes a file that only this user may read.
 *
 * @param file where; its folder is made where it is missing
 * @param text what is written
 */
export async function writeSecret(file: URL, text: string): Promise<void> {
  await Deno.mkdir(new URL("./", file), { recursive: true });
  const draft = new URL(`${file.href}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, text, { mode: 0o600, createNew: true });
  await Deno.rename(draft, file);
}

/** Makes the folder that the balancer keeps its fleet in. */
export async function makeFleetFolder({ fleetFile }: FleetPlaces): Promise<void> {
  await Deno.mkdir(new URL("./", new URL(fleetFile, ROOT)), { recursive: true });
}

/** Forgets the state. */
export function removeState(file: URL): Promise<void> {
  return remove(file);
}

/** Forgets who belonged to the fleet, and its token: the next `up` begins afresh. */
export async function removeFleet({ fleetFile, tokenFile }: FleetPlaces): Promise<void> {
  for (const end of ["", ".previous", ".lock"]) await remove(new URL(fleetFile + end, ROOT));
  await remove(new URL(tokenFile, ROOT));
}

async function remove(file: URL): Promise<void> {
  try {
    await Deno.remove(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
