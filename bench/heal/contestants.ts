/**
 * Who takes part in the kills.
 *
 * @module
 */
import type { Contestant } from "./contestant.ts";
import { HAPROXY } from "./haproxy.ts";
import { ownContestant } from "./own.ts";

/** All of them, in the order of their turns. */
export const CONTESTANTS: readonly Contestant[] = [
  ownContestant("docker-cold", "docker", 0),
  ownContestant("docker-spare", "docker", 1),
  ownContestant("process-cold", "process", 0),
  ownContestant("process-spare", "process", 1),
  HAPROXY,
];
