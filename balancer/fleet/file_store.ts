/**
 * A file that keeps what a fleet is to be, written so that a crash at any moment leaves the old one
 * or the new one, never half of it.
 *
 * @module
 */
import { z } from "zod";
import { MAX_SLOTS } from "../../ring/mod.ts";
import { errorMessage } from "../failures.ts";
import { MAX_WEIGHT, REPLICA_NAME_PATTERN } from "../upstream_list.ts";
import { type FleetStore, type SavedFleet, StoreError } from "./store.ts";

const SHAPE = z.object({
  slots: z.int().min(1).max(MAX_SLOTS),
  virtualServers: z.int().min(1),
  layout: z.enum(["even", "ring", "rendezvous"]),
  hashes: z.enum(["fibonacci", "seed", "classic", "hashed"]),
});

const UPSTREAMS = z.array(z.object({
  name: z.string().regex(REPLICA_NAME_PATTERN),
  address: z.union([
    z.object({ hostname: z.string().min(1), port: z.int().min(1).max(65535) }),
    z.object({ path: z.string().startsWith("/") }),
  ]),
  weight: z.number().min(0).max(MAX_WEIGHT),
}));

const SAVED = z.object({
  configured: z.int().min(0),
  names: z.array(z.string().min(1)),
  template: z.object({ image: z.string().optional(), command: z.string().optional() }),
  weights: z.record(z.string(), z.number().min(0).max(MAX_WEIGHT)).optional(),
  shape: z.object({ settings: SHAPE, inForce: SHAPE }).optional(),
  upstreams: z.object({ settings: UPSTREAMS, inForce: UPSTREAMS }).optional(),
});

/**
 * A store in a file. Needs leave to read and write its folder.
 *
 * @param path the file; its folder has to exist
 */
export function fileStore(path: string): FleetStore {
  return { load: () => load(path), save: (fleet) => save(path, fleet) };
}

/** Looks for its folder first: that it cannot be written has to show at the start. */
async function requireFolder(path: string): Promise<void> {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : ".";
  try {
    await Deno.stat(folder);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "does not exist"
      : `cannot be used: ${errorMessage(error)}`;
    throw new StoreError(`LB_STATE_FILE: the folder of ${path} ${why}`, { cause: error });
  }
}

async function load(path: string): Promise<SavedFleet | undefined> {
  await requireFolder(path);
  try {
    return SAVED.parse(JSON.parse(await Deno.readTextFile(path))) as SavedFleet;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const why = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
    throw new StoreError(
      `LB_STATE_FILE: ${path} does not hold the state of a fleet; remove it or name another file: ${why}`,
      { cause: error },
    );
  }
}

async function save(path: string, fleet: SavedFleet): Promise<void> {
  const draft = `${path}.new`;
  {
    using file = await Deno.open(draft, { write: true, create: true, truncate: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(`${JSON.stringify(fleet)}\n`);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    // Renamed before its bytes are down, it could be found empty after a loss of power.
    await file.syncData();
  }
  await Deno.rename(draft, path);
}
