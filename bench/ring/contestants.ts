/**
 * The contestants: our layouts, and npm packages for the same purpose, each used as in its own
 * documentation.
 *
 * @module
 */
import { KetamaRouter, MurmurRouter, RandomRouter } from "./circle_peers.ts";
import type { Contestant } from "./contestant.ts";
import { JumpRouter, RendezvousRouter } from "./functional_peers.ts";
import { OWN } from "./own.ts";
import { loadPackages, type Packages } from "./packages.ts";

/** Numbers of members that everything is measured with. */
export const COUNTS: readonly number[] = [3, 10, 100, 1000];

/** More keys than the bench has. */
const CACHE_OF_ALL = { "max cache size": 1_000_000 };

/**
 * Our layouts and the peers.
 *
 * @throws {Missing} When a peer's package cannot be fetched.
 */
export async function allContestants(): Promise<readonly Contestant[]> {
  return [...OWN, ...peersOf(await loadPackages())];
}

function peersOf(packages: Packages): readonly Contestant[] {
  const {
    hashring: Ketama,
    "consistent-hash": Random,
    "node-hashring": Murmur,
    "rendezvous-hash": select,
    jumphash,
  } = packages;
  return [
    peer("hashring", true, (members) => new KetamaRouter(new Ketama([...members]))),
    {
      ...peer("hashring, all keys in its cache", true, (members) => {
        return new KetamaRouter(new Ketama([...members], "md5", CACHE_OF_ALL));
      }),
      remembers: true,
    },
    peer("consistent-hash", true, (members) => new RandomRouter(new Random(), members)),
    peer("node-hashring", false, (members) => new MurmurRouter(new Murmur([...members]))),
    peer("rendezvous-hash", false, (members) => new RendezvousRouter(select, members)),
    peer("jumphash", false, (members) => new JumpRouter(jumphash, members)),
  ];
}

function peer(name: string, weights: boolean, build: Contestant["build"]): Contestant {
  return { name, kind: "peer", weights, build };
}
