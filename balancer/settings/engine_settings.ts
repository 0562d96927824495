/**
 * What a replica is to the engine that runs it.
 *
 * @module
 */
import { parsed, type Setting, text, whole } from "./setting.ts";
import { parseEnvironment } from "./values.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** In the order in which the README lists them. */
export const ENGINE_SETTINGS = {
  LB_REPLICA_IMAGE: text("ringkeeper-replica", "image of a replica, engine docker", {
    expects: "an image reference",
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.\/:@-]*$/,
  }),
  LB_REPLICA_COMMAND: text(
    "",
    "command of a replica instead of the built-in one (process) or the image's own (docker); " +
      "$PORT, $HOST, $SERVER_NAME and $SERVER_ID are filled in, with LB_REPLICA_SOCKETS $SOCKET",
    { expects: "a plain command line without shell operators", pattern: /[^]*/ },
  ),
  LB_REPLICA_SOCKETS: text(
    "",
    "folder for Unix sockets that replicas listen on instead of a port, engine process; each is " +
      "told the path of its own as SOCKET",
    { expects: "an absolute path of at most 80 bytes, or empty", pattern: /^(\/[!-~]{0,79})?$/ },
  ),
  LB_REPLICA_PORT: whole(5000, 1, 65535, "port that a replica listens on, engine docker"),
  LB_REPLICA_ENV: {
    schema: parsed(parseEnvironment),
    fallback: "{}",
    expects: 'a JSON object of strings, {"NAME":"value"}',
    about: "environment that every replica gets beside PORT, HOST, SERVER_NAME and SERVER_ID",
  },
  LB_FLEET: text("ringkeeper", "label that tells this fleet's containers from others'", {
    expects: "letters, digits, `_`, `.` and `-`",
    pattern: NAME,
  }),
  LB_CONTAINER_PREFIX: text("", "put before a replica's name to make its container's name", {
    expects: "letters, digits, `_`, `.` and `-`, or empty",
    pattern: /^([A-Za-z0-9][A-Za-z0-9_.-]*)?$/,
  }),
  LB_DOCKER_NETWORK: text("ringkeeper", "network that replicas join; made where it is missing", {
    expects: "letters, digits, `_`, `.` and `-`",
    pattern: NAME,
  }),
  LB_DOCKER_SOCKET: text("/var/run/docker.sock", "Unix socket of the Docker Engine", {
    expects: "an absolute path",
    pattern: /^\/.+$/,
  }),
} satisfies Record<string, Setting<unknown>>;
