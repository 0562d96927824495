/**
 * The peers' npm packages. Only the bench uses them: it imports them at run time by computed names, so
 * that neither the product's import map nor its lock file contains them.
 *
 * @module
 */
import { Missing } from "../harness/machine.ts";

/** Package `hashring`: ketama's circle, MD5, a cache of keys. */
export type HashRing = new (members: string[], algorithm?: string, options?: object) => {
  get(key: string | number): string | undefined;
  add(member: string): unknown;
  remove(member: string): unknown;
};

/** Package `consistent-hash`: a circle of points that it draws by chance. */
export type ConsistentHash = new () => {
  get(key: string | number): string | null;
  add(member: string): unknown;
  remove(member: string): unknown;
};

/** Package `node-hashring`: a circle, MurmurHash3. */
export type NodeHashRing = new (members: string[]) => {
  findNode(key: string): string | undefined;
  addNode(member: string): void;
  removeNode(member: string): void;
};

/** Package `rendezvous-hash`: highest random weight, MD5. */
export type RendezvousHash = (key: string, shards: Record<string, string>) => string | undefined;

/** Package `jumphash`: jump consistent hash, SHA-1 for strings. */
export type JumpHash = (key: string | number, buckets: number) => number;

/** The packages and their exports. */
export interface Packages {
  readonly "hashring": HashRing;
  readonly "consistent-hash": ConsistentHash;
  readonly "node-hashring": NodeHashRing;
  readonly "rendezvous-hash": RendezvousHash;
  readonly "jumphash": JumpHash;
}

/** The versions that run. */
export const VERSIONS: Readonly<Record<keyof Packages, string>> = {
  "hashring": "3.2.0",
  "consistent-hash": "1.2.2",
  "node-hashring": "1.0.2",
  "rendezvous-hash": "1.0.1",
  "jumphash": "0.2.2",
};

/**
 * Fetches all packages, or takes them from Deno's cache.
 *
 * @throws {Missing} When the registry cannot be reached and the cache lacks one.
 */
export async function loadPackages(): Promise<Packages> {
  const names = Object.keys(VERSIONS) as (keyof Packages)[];
  const loaded = await Promise.all(names.map(async (name) => [name, await load(name)]));
  return Object.fromEntries(loaded) as Packages;
}

async function load(name: keyof Packages): Promise<unknown> {
  try {
    return (await import(`npm:${name}@${VERSIONS[name]}`)).default;
  } catch (error) {
    throw new Missing(`npm:${name} cannot be loaded: ${error}`, { cause: error });
  }
}
