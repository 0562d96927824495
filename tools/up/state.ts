/**
 * The saved state of `up`, for `down`, `logs` and the next `up`.
 *
 * @module
 */
import { DEFAULT_FLEET } from "../../balancer/engine/fleet_names.ts";
import { type FleetPlaces, FLEETS, placesOf } from "../fleet_places.ts";
import { ROOT } from "../project.ts";

/** A started balancer. */
export interface State {
  readonly engine: "process" | "docker" | "swarm";
  /** Address of the page and the API: `http://host:port`, or `unix:/path`. */
  readonly url: string;
  /** URL of the service. */
  readonly service?: string;
  /** The file of the generated admin token, while the balancer runs. */
  readonly tokenFile?: string;
  /** Its configuration file, absolute. */
  readonly config?: string;
  /** Value of the label on the fleet's containers. */
  readonly fleet: string;
  /** Engine process: an argument of the process, so that a reused pid is never mistaken for it. */
  readonly runId?: string;
}

/** Reads the state that the last `up` of a fleet saved; undefined if there is none. */
export async function readState(file: URL): Promise<State | undefined> {
  try {
    return parseState(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Returns the places of a fleet: the default fleet's if an older version started the fleet there.
 *
 * @param fleet its name
 */
export async function placesInUse(fleet: string): Promise<FleetPlaces> {
  const places = placesOf(fleet);
  if (fleet === DEFAULT_FLEET || await readState(places.stateFile)) return places;
  const older = placesOf(DEFAULT_FLEET);
  return (await readState(older.stateFile))?.fleet === fleet ? older : places;
}

/** Returns the saved states of all fleets that this checkout has started and not stopped. */
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

/** A file that a crash cut short is ignored. */
function parseState(text: string): State | undefined {
  try {
    return JSON.parse(text) as State;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Saves the state atomically, so that no reader sees half of it. */
export async function writeState(state: State, file: URL): Promise<void> {
  await Deno.mkdir(new URL("./", file), { recursive: true });
  const draft = new URL(`${file.href}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, JSON.stringify(state, undefined, 2) + "\n");
  await Deno.rename(draft, file);
}

/**
 * Writes a file that only this user can read.
 *
 * @param file the path; its folder is created if missing
 * @param text the content
 */
export async function writeSecret(file: URL, text: string): Promise<void> {
  await Deno.mkdir(new URL("./", file), { recursive: true });
  const draft = new URL(`${file.href}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, text, { mode: 0o600, createNew: true });
  await Deno.rename(draft, file);
}

/** Creates the folder of the balancer's saved fleet. */
export async function makeFleetFolder({ fleetFile }: FleetPlaces): Promise<void> {
  await Deno.mkdir(new URL("./", new URL(fleetFile, ROOT)), { recursive: true });
}

/** Deletes the saved state. */
export function removeState(file: URL): Promise<void> {
  return remove(file);
}

/** Deletes the saved fleet and its token: the next `up` starts a new fleet. */
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
