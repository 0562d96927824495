/**
 * The destination of a request, and the reason.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count } from "./answer.ts";

const destination = z.discriminatedUnion("to", [
  z.object({ to: z.literal("owner"), name: z.string(), why: z.literal("ready") }),
  z.object({ to: z.literal("other"), name: z.string(), why: z.enum(["full", "away"]) })
    .describe("To another one: the owner has no room, or is away"),
  z.object({ to: z.literal("nobody"), why: z.enum(["quarantined", "awaited", "none"]) })
    .describe("It is answered 503"),
]).meta({ id: "Destination" });

/** The final destination of a request: a replica, or a 503. */
export type Destination = AnswerOf<typeof destination>;

const wait = z.object({
  to: z.literal("wait"),
  name: z.string().exactOptional()
    .describe("The owner. Not given where the first replica that is back takes the request"),
  why: z.enum(["awaited", "none"]),
  ms: z.number().describe("At most"),
  then: destination,
}).meta({
  id: "Wait",
  description:
    "The request waits for its owner or, if no replica is ready, for the first that is back",
});

/** The request waits: for its owner or, with no ready replica, for the first one to return. */
export type Wait = AnswerOf<typeof wait>;

const decision = z.union([destination, wait]);

/** The decision about a request. */
export type Decision = Destination | Wait;

const secured = z.object({
  serverName: z.string().describe("The host as the server name of TLS; empty without one"),
  versions: z.array(z.string()).describe("Versions of TLS"),
  protocols: z.array(z.string()).describe("Application protocols, the preferred one first"),
  certificate: z.array(z.string()).nullable()
    .describe("Names of the certificate that is presented; null: the handshake is refused"),
  match: z.enum(["name", "default", "refused"])
    .describe("Whether the certificate is valid for the host, or the default one"),
});

/** TLS of a request. */
export type ExplainedTls = AnswerOf<typeof secured>;

const entry = z.object({
  protocols: z.array(z.string()).describe("Protocols of the port without TLS"),
  streams: count("Requests at once on one connection of HTTP/2"),
  tls: secured.nullable().describe("On the port that speaks TLS; null: there is none"),
}).describe("How the request can reach the balancer");

const replica = z.object({
  name: z.string(),
  ready: z.boolean(),
  awaited: z.boolean().describe("Whether it is being replaced, so that a request may wait for it"),
  scheme: z.enum(["http", "https"]).nullable()
    .describe("How it is reached: https is TLS; null: it is not ready"),
  weight: z.number().min(0).describe("What it has on the ring now"),
  inFlight: count("Requests that it has right now"),
  cap: count("How many it may have now; null: any number").nullable(),
});

/** The properties of a replica that affect routing. */
export type ExplainedReplica = AnswerOf<typeof replica>;

/** The destination of a request, and the reason. */
export const explanation = z.object({
  reason: z.string().describe("One sentence"),
  decision,
  route: z.string().nullable()
    .describe("The route of the configuration file that the request takes; null for none"),
  key: z.string(),
  cookie: z.string().nullable()
    .describe("Name of the affinity cookie that holds the key; null with another LB_KEY"),
  hashedAs: z.enum(["id", "string"])
    .describe("A whole number is hashed as an id, anything else as a string"),
  hash: count("32 bits; null for an id, whose slot the ring's hash family gives").nullable(),
  slot: count("The key's slot"),
  owner: z.string().nullable().describe("Who owns the slot"),
  successors: z.array(z.string()).describe("Who is asked after the owner, in that order"),
  version: count("Version of the view"),
  digest: z.string().describe("Equal for equal rings"),
  quarantined: z.boolean().describe("Whether replicas died of requests with this key"),
  loadBound: z.number().nullable().describe("LB_LOAD_BOUND; null where there is none"),
  replicas: z.array(replica),
  entry,
}).meta({ id: "Explanation" });

/** `GET /_lb/explain` */
export type Explanation = AnswerOf<typeof explanation>;
