/**
 * Settings of the fleet and of routing.
 *
 * @module
 */
import { LAYOUTS, MAX_SLOTS } from "../../ring/mod.ts";
import { choice, flag, LARGEST_DELAY_MS, parsed, type Setting, text, whole } from "./setting.ts";
import { parseUpstreams } from "../upstream_list.ts";
import { parseKeySource, parseLoadBound } from "./values.ts";

/** Browsers keep no cookie longer than 400 days (RFC 6265bis, section 5.5). */
const MAX_COOKIE_AGE_S = 400 * 24 * 60 * 60;

/** In the order in which the reference lists them. */
export const FLEET_SETTINGS = {
  LB_HOST: text("127.0.0.1", "address that the public port listens on", {
    expects: "a host name or an IP address",
    pattern: /^[A-Za-z0-9_.:%-]+$/,
  }),
  LB_PORT: whole(5000, 0, 65535, "public port; 0 takes a free one"),
  LB_ENGINE: choice(
    ["auto", "docker", "process", "static", "swarm"],
    "engine that runs the replicas; `auto` is docker if its socket answers, else process; swarm " +
      "is all machines of a Docker Swarm, whose manager `LB_DOCKER_HOST` is",
  ),
  LB_REPLICAS: whole(3, 0, 4096, "replicas to keep alive"),
  LB_MAX_REPLICAS: whole(64, 1, 4096, "the most replicas that `/add` may reach"),
  LB_UPSTREAMS: {
    schema: parsed(parseUpstreams),
    fallback: "",
    expects: "`name=address*weight,…`: an address is `host:port` or `http://host:port`, " +
      "`https://host:port` for TLS, or `unix:/path` without TLS; name and weight (0 to 1000) may " +
      "be left out",
    about: "upstreams for engine static; one without a name is named by its address",
    form: { kind: "upstreams" },
  },
  LB_SLOTS: whole(512, 1, MAX_SLOTS, "slots on the ring (M)"),
  LB_VIRTUAL_SERVERS: whole(9, 1, MAX_SLOTS, "virtual servers a replica (K), layout `ring` only"),
  LB_LAYOUT: choice(LAYOUTS, "how slots are assigned to replicas"),
  LB_HASHES: choice(
    ["fibonacci", "seed", "classic", "hashed"],
    "hash functions of the ring; `seed` and `classic` are the textbook's formulas",
  ),
  LB_KEY: {
    schema: parsed(parseKeySource),
    fallback: "request-id",
    expects: "request-id, path, client, affinity, header:NAME, cookie:NAME or query:NAME",
    about: "source of a request's key; a whole number is hashed as an id, other keys as strings",
  },
  LB_AFFINITY_COOKIE: text(
    "ringkeeper",
    "name of the cookie that the balancer sets with LB_KEY=affinity",
    {
      expects: "1 to 64 letters, digits or characters of !#$%&'*+.^_`|~-",
      pattern: /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/,
    },
  ),
  LB_AFFINITY_TTL: whole(
    0,
    0,
    MAX_COOKIE_AGE_S,
    "seconds that a browser keeps the affinity cookie, counted from the response that sets it; " +
      "0: until it is closed",
  ),
  LB_LOAD_BOUND: {
    schema: parsed(parseLoadBound),
    fallback: "0",
    expects: "0, or a number from 1.01 to 100",
    about: "bound on a replica's requests in flight, as a multiple of its share (1.25: a quarter " +
      "more); other requests go to the replica of another hash of their key; 0: no bound",
    form: { kind: "number", min: 0, max: 100, fraction: true },
  },
  LB_SLOW_START_MS: whole(
    0,
    0,
    LARGEST_DELAY_MS,
    "milliseconds until a new replica has its full share; 0: at once",
  ),
  LB_RING_FIELDS: flag(
    false,
    "whether responses carry X-Ring-Slot, X-Ring-Replica, X-Ring-Epoch and X-Ring-Digest",
  ),
} satisfies Record<string, Setting<unknown>>;
