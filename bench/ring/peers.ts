/**
 * The npm packages that do the same, each used as its own documentation has it.
 *
 * @module
 */
import { KetamaRouter, MurmurRouter, RandomRouter } from "./circle_peers.ts";
import type { Contestant } from "./contestant.ts";
import { JumpRouter, RendezvousRouter } from "./functional_peers.ts";
import type { Packages } from "./packages.ts";

/** More keys than the bench has. */
const CACHE_OF_ALL = { "max cache size": 1_000_000 };

/** The peers' contestants. */
export function peersOf(packages: Packages): readonly Contestant[] {
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
