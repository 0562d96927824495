/**
 * The fleet: its members and their states.
 *
 * @module
 */
import { certificateStatus } from "./certificate.ts";
import { z } from "zod";
import { hashFamilies, type HashFamilyName, LAYOUTS } from "../../ring/mod.ts";
import { replicaOptions } from "../engine/replica_options.ts";
import { type AnswerOf, count, share, successful, time } from "./answer.ts";
import { maintenance } from "./maintenance.ts";

/** The balancers that a change has not reached. */
export const behind = z.array(z.string()).exactOptional().describe(
  "Ids of live balancers of the fleet that do not route by the change yet, although the answer " +
    "waited for them; left out if all do",
);

/** The layouts that a ring can have. */
export const layout = z.enum(LAYOUTS).describe("How the slots are given to replicas");

/** The hash families that a ring can have. */
export const hashes = z.enum(Object.keys(hashFamilies) as HashFamilyName[])
  .describe("The hash functions that place ids and virtual servers");

/** The names in the ring. */
export const names = successful(z.object({
  N: count("How many replicas are in the ring"),
  replicas: z.array(z.string()).describe("Their names, in the order in which they joined"),
  behind,
})).meta({ id: "Names" });

/** `GET /rep`, `POST /add` and `DELETE /rm` */
export type Names = AnswerOf<typeof names>;

/** The upstreams of engine static, which the balancer does not run. */
export const upstreams = z.object({
  upstreams: z.array(z.object({
    name: z.string().describe("Its identity: the name that was given, else its address"),
    address: z.string().describe("host:port, https://host:port or unix:/path"),
    weight: z.number().min(0).describe("Its share beside the others'; 0 for no slots"),
  })),
}).meta({ id: "Upstreams" });

/** `GET /_lb/upstreams` */
export type Upstreams = AnswerOf<typeof upstreams>;

const phase = z.enum(["waiting", "starting", "warming", "ready", "down", "leaving"]).meta({
  id: "Phase",
  description: "Where a replica stands: it waits to be started, is being started, runs without a " +
    "passed heartbeat, takes requests, failed, or leaves for good",
});

/** The state of a replica. */
export type Phase = AnswerOf<typeof phase>;

const replicaStatus = z.object({
  name: z.string(),
  state: phase,
  since: time("When it entered the state"),
  inRing: z.boolean().describe("Whether it is a member of the ring"),
  weight: z.number().min(0).describe("The requested weight; 0 for no slots"),
  slots: count("How many slots it owns now"),
  ramp: share("The part of its load that it has come to; below 1 while it starts slowly"),
  instance: z.string().nullable().describe("The instance under its name: a container, a process"),
  address: z.string().nullable().describe(
    "Where that is reached: host:port, https://host:port or unix:/path",
  ),
  machine: z.string().nullable()
    .describe("Host name of the machine that it runs on; engine swarm, null with the others"),
  image: z.object({
    reference: z.string().describe("The reference that it was started by"),
    id: z.string().describe("Id of the image that the reference stood for"),
    digest: z.string().exactOptional().describe("name@sha256:..., where a registry has it"),
  }).nullable().describe("What it runs; engine docker, once it was started"),
  restarts: count("How often its instance was replaced"),
  nextStart: time("When it is started next, where its backoff makes it wait").nullable(),
  start: z.object({
    attempt: count("Which start in a row it is; 1 unless the ones before failed"),
    heartbeats: count("How many heartbeats the new instance has missed"),
    notReady: z.string().nullable().describe("Why it missed the last one"),
  }).nullable().describe("The start that is due or under way, if any"),
  lastError: z.object({
    at: time("When"),
    message: z.string(),
    exit: z.string().exactOptional()
      .describe("How the instance ended, as the engine reported it: exit code, out of memory"),
    attempt: count("Which start in a row it was, where a start failed").exactOptional(),
    lastWords: z.array(z.string()).exactOptional()
      .describe("The last lines that the instance wrote"),
  }).nullable().describe("What went wrong last"),
}).meta({ id: "Replica" });

/** One replica. */
export type ReplicaStatus = AnswerOf<typeof replicaStatus>;

const cluster = z.object({
  self: z.string().describe("Id of the balancer that answers"),
  holder: z.string().nullable()
    .describe(
      "Id of the balancer that holds the lease and heals the fleet; null if none does now, or if " +
        "the one that answers is isolated and cannot know",
    ),
  isolated: z.boolean()
    .describe("Whether this balancer has lost the shared store: it routes on and changes nothing"),
  disagreeMs: count("Milliseconds since the balancers' rings began to differ; 0 while they agree"),
  balancers: z.array(z.object({
    id: z.string(),
    host: z.string().describe("Name of its machine"),
    pid: count("Its process id on that machine"),
    epoch: count("Epoch by which all of its workers route"),
    digest: z.string().describe("Digest of its ring"),
    heals: z.boolean().describe("Whether it holds the lease"),
    silentMs: count("Milliseconds since its last report; 0 for the balancer that answers"),
    direct: z.boolean()
      .describe("Whether the last message to it reached it (LB_PEERS); else the store is the way"),
  })).describe("The live balancers, by id"),
}).meta({ id: "Cluster" });

/** The balancers of the fleet. */
export type ClusterAnswer = AnswerOf<typeof cluster>;

/** The state of the fleet. */
const fleetStatus = z.object({
  version: count("Version of the view that requests are routed by"),
  epoch: count("Epoch of the desired state that the ring was built from; grows with each change"),
  digest: z.string().describe("Equal for equal rings"),
  layout,
  slots: count("M, the slots of the ring"),
  virtualServers: count("K, the virtual servers of a replica of weight 1; layout ring uses it"),
  hashes,
  engineUp: z.boolean().describe("Whether the engine answers"),
  engineAwayMs: count("Milliseconds since the engine stopped answering; 0 while it answers"),
  desired: count("Desired number of replicas"),
  ready: count("How many of them take requests"),
  replicas: z.array(replicaStatus),
  spares: z.array(replicaStatus)
    .describe("Instances that are kept ready for whichever replica fails next"),
  removals: z.array(z.object({
    instance: z.string().describe("What is being removed: a container, a process"),
    name: z.string().describe("The name that it had"),
    since: time("When its removal began"),
    failed: count("How often that failed; it is tried again"),
    error: z.string().nullable().describe("Why it failed last"),
  })).describe("Instances that end or have ended and are not removed yet"),
  template: z.object({
    image: z.string().exactOptional(),
    imageId: z.string().exactOptional()
      .describe("Id of the image that the reference stood for when it was taken up"),
    imageDigest: z.string().exactOptional(),
    command: z.string().exactOptional(),
    options: replicaOptions.exactOptional(),
  }).describe("Template of new instances: of the settings, or of the last deploy"),
  quarantined: z.array(z.object({ key: z.string(), until: time("When that ends") }))
    .describe("Request keys that are answered with 503, because replicas died of them"),
  cluster: cluster.nullable().describe("The balancers that share the fleet; null for a single one"),
});

/** The state of the fleet. */
export type FleetStatus = AnswerOf<typeof fleetStatus>;

/** The whole state. */
export const status = fleetStatus.extend({
  engine: z.enum(["docker", "swarm", "process", "static", "memory"]).describe(
    "The engine that runs the replicas",
  ),
  maintenance: maintenance.nullable().describe("The maintenance under way; null if none is"),
  startedAt: time("When the balancer started"),
  failures: z.record(z.string(), count("How often"))
    .describe("Failed background actions of the balancer, by action"),
  certificates: z.array(certificateStatus)
    .describe("Certificates that clients are shown, the default first; empty without TLS"),
}).meta({ id: "Status" });

/** `GET /_lb/status` */
export type Status = AnswerOf<typeof status>;

/** The liveness of the balancer. */
export const health = z.object({
  status: z.literal("ok"),
  ready: fleetStatus.shape.ready,
  desired: fleetStatus.shape.desired,
  engineAwayMs: fleetStatus.shape.engineAwayMs,
}).meta({ id: "Health" });

/** `GET /_lb/healthz` */
export type Health = AnswerOf<typeof health>;

/** The readiness of the whole. */
export const ready = z.object({
  status: z.literal("ready"),
  ready: count("How many replicas that own slots take requests"),
  needed: count("How many of them LB_READY_SHARE needs"),
  of: count("How many replicas own slots"),
  maintenance: z.boolean().describe("Whether requests are answered 503 for now"),
}).meta({ id: "Ready" });

/** `GET /_lb/readyz` */
export type Ready = AnswerOf<typeof ready>;
