/**
 * Settings of the engine and of the replicas that it runs.
 *
 * @module
 */
import { DEFAULT_FLEET, FLEET_NAME } from "../engine/fleet_names.ts";
import { type ReplicaOptions, replicaOptions } from "../engine/replica_options.ts";
import {
  choice,
  flag,
  json,
  LARGEST_DELAY_MS,
  parsed,
  type Setting,
  text,
  whole,
} from "./setting.ts";
import { parseDockerHost } from "./docker_host.ts";
import { parseConstraints, parseEnvironment, parseUser, type User } from "./values.ts";

const NAME_OR_EMPTY = /^([A-Za-z0-9][A-Za-z0-9_.-]*)?$/;

/** In the order in which the reference lists them. */
export const ENGINE_SETTINGS = {
  LB_REPLICA_IMAGE: text("ringkeeper-replica", "image of a replica, engines docker and swarm", {
    expects: "an image reference",
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.\/:@-]*$/,
  }),
  LB_PULL: choice(
    ["missing", "always", "never"],
    "when an image is pulled: `missing`: if it is not on the host; `always`: whenever its " +
      "reference is resolved (first start, deploy); `never`",
  ),
  LB_PULL_TIMEOUT_MS: whole(
    600_000,
    1000,
    LARGEST_DELAY_MS,
    "longest time for pulling one image, in milliseconds",
  ),
  LB_DOCKER_CONFIG: text(
    "",
    "the Docker client's configuration file (`config.json`), for its credentials (`auths`)",
    { expects: "an absolute path, or empty", pattern: /^(\/.+)?$/ },
  ),
  LB_REPLICA_COMMAND: text(
    "",
    "command of a replica instead of the built-in one (process) or the image's entry point (docker, swarm); " +
      "$PORT, $HOST, $SERVER_NAME and $SERVER_ID are filled in, with LB_REPLICA_SOCKETS $SOCKET",
    { expects: "a plain command line without shell operators", pattern: /[^]*/ },
  ),
  LB_REPLICA_SOCKETS: text(
    "",
    "folder for Unix sockets that replicas listen on instead of a port, engine process; each " +
      "replica gets the path of its own in SOCKET",
    { expects: "an absolute path of at most 80 bytes, or empty", pattern: /^(\/[!-~]{0,79})?$/ },
  ),
  LB_REPLICA_PORT: whole(
    5000,
    1,
    65535,
    "port that a replica listens on, engines docker and swarm",
  ),
  LB_REPLICA_ENV: {
    schema: parsed(parseEnvironment),
    fallback: "{}",
    expects: 'a JSON object of strings, {"NAME":"value"}',
    about: "environment variables of every replica, beside PORT, HOST, SERVER_NAME and " +
      "SERVER_ID",
    secret: true,
    form: { kind: "texts" },
  },
  LB_REPLICA_OPTIONS: json<ReplicaOptions>(
    replicaOptions,
    "{}",
    'a JSON object such as {"memory":"512m","volumes":["data-$SERVER_NAME:/data"]}',
    "resources, devices, mounts and networks of a replica's container (docs/guide/containers.md); engines docker and swarm",
  ),
  LB_REPLICA_USER: {
    schema: parsed<User | null>(parseUser),
    fallback: "",
    expects: "`uid:gid` in numbers, or empty for the balancer's own user",
    about: "user of replicas, engine process; the balancer must run as root. A separate user can " +
      "read neither the balancer's environment nor its files",
  },
  LB_FLEET: text(
    DEFAULT_FLEET,
    "name of the fleet: label of its containers; several fleets share a host under different names",
    { expects: "at most 63 letters, digits, `_`, `.` and `-`", pattern: FLEET_NAME },
  ),
  LB_TAKE_OVER: flag(
    false,
    "whether to take the fleet, or the state file, over from a running balancer; false: the " +
      "start fails if there is one",
  ),
  LB_CONTAINER_PREFIX: text(
    "",
    "prefix of container names, before the replica's name; empty: none in the fleet " +
      "`ringkeeper`, `FLEET-` in any other",
    { expects: "letters, digits, `_`, `.` and `-`, or empty", pattern: NAME_OR_EMPTY },
  ),
  LB_DOCKER_NETWORK: text(
    "",
    "network of replicas, created if it is missing. Empty: `ringkeeper` in the fleet " +
      "`ringkeeper`, `ringkeeper-FLEET` in any other",
    { expects: "letters, digits, `_`, `.` and `-`, or empty", pattern: NAME_OR_EMPTY },
  ),
  LB_DOCKER_HOST: {
    schema: parsed(parseDockerHost),
    fallback: "unix:///var/run/docker.sock",
    expects: "`unix:///path`, `/path` or `tcp://host:port`",
    about: "Docker Engine, or a socket proxy in front of it; TLS if `DOCKER_TLS_VERIFY` is set, " +
      "with ca.pem, cert.pem and key.pem of the folder `DOCKER_CERT_PATH`",
  },
  LB_SWARM_POLL_MS: whole(
    250,
    20,
    60_000,
    "milliseconds between two looks at the tasks, engine swarm; ends of containers on the " +
      "balancer's own machine are noticed at once",
  ),
  LB_SWARM_CONSTRAINTS: {
    schema: parsed(parseConstraints),
    fallback: "",
    expects: "`node.labels.zone==a,node.role!=manager`, or empty",
    about: "constraints on the machines that replicas are placed on, engine swarm",
  },
  LB_REACH: choice(
    ["network", "published"],
    "how replicas are reached, engine swarm: by their addresses on `LB_DOCKER_NETWORK`, which the " +
      "balancer's container joins, or by ports that their machines publish",
  ),
  DOCKER_TLS_VERIFY: text("", "TLS to a Docker Engine behind `tcp://`; any text turns it on", {
    expects: "any text, or empty",
    pattern: /[^]*/,
  }),
  DOCKER_CERT_PATH: text("", "folder of the certificates for TLS to the Docker Engine", {
    expects: "an absolute path, or empty",
    pattern: /^(\/.+)?$/,
  }),
} satisfies Record<string, Setting<unknown>>;
