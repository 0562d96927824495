/**
 * The ring in force, a planned ring, and the moves between them.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, share, successful, time } from "./answer.ts";
import { behind, hashes, layout } from "./fleet.ts";

const version = count("Version of the view");
const digest = z.string().describe("Equal for equal rings");

/** The ring in force. */
export const ringTable = z.object({
  version,
  digest,
  layout: z.string().describe("How the slots are given to replicas"),
  hashes: z.string().describe("Name of the hash family; custom where it is none of the built-in"),
  slots: count("M, the slots of the ring"),
  virtualServersEach: count("Virtual servers of a member of weight 1, layout ring"),
  unchanged: z.boolean().describe(
    "Whether the digest is the one that was asked for as known: runs and virtualServers are left out",
  ),
  members: z.array(z.object({
    name: z.string(),
    weight: z.number().min(0).describe("What it has on the ring now"),
    ready: z.boolean(),
    awaited: z.boolean().describe("Whether it is being replaced, so that requests may wait for it"),
  })).describe("In canonical order"),
  runs: z.array(z.int())
    .describe("The table from slot 0 on: index of a member, number of slots, index, number, ..."),
  virtualServers: z.array(z.tuple([z.int(), z.int()]))
    .describe("Index of the member and slot of each virtual server; none but in layout ring"),
}).meta({ id: "Ring" });

/** `GET /_lb/ring` */
export type RingTable = AnswerOf<typeof ringTable>;

const movement = z.object({
  share: share("The part of all string keys that changes its owner"),
  ids: share("The same of the ids 0 to 9999, which the ring's own hash family places"),
  flows: z.array(z.object({
    from: z.string().nullable().describe("Previous owner; null for a slot without one"),
    to: z.string().nullable().describe("New owner; null for a slot without one"),
    share: share("The part of all string keys"),
  })).describe("Share that each owner gives to another, the largest first"),
  flowsLeftOut: count("How many smaller flows are not listed"),
}).meta({ id: "Movement", description: "How many keys change their owner" });

/** The keys that change their owner. */
export type Movement = AnswerOf<typeof movement>;

const change = z.object({ version, digest, moved: movement, behind });

/** The effect of a change. */
type Change = AnswerOf<typeof change>;

/** The effect of a change. */
export const changed = successful(change).meta({ id: "Changed" });

/** `PATCH /_lb/replicas/NAME`, `PATCH /_lb/ring` and `POST /_lb/apply` */
export type Changed = AnswerOf<typeof changed>;

const ringFacts = z.object({
  members: count("How many members it has, those of weight 0 among them"),
  digest,
  slots: count("M"),
  virtualServers: count("K"),
  layout,
  hashes,
  maxOverMean: z.number().min(0).describe(
    "Share of the slots over share of the weights, of the member for which that is the most; 1 " +
      "is perfect, 0 a ring without members",
  ),
  capacity: count("How many members of weight 1 it has room for"),
}).meta({ id: "RingFacts", description: "A ring in numbers" });

/** The figures of a ring. */
export type RingFacts = AnswerOf<typeof ringFacts>;

const plan = z.object({
  id: z.string().describe("What POST /_lb/apply takes"),
  basedOn: z.string().describe("Digest of the ring that it was made for"),
  expiresAt: time("Until when it is kept"),
  add: z.array(z.string()).describe("Names of the replicas that it adds"),
  remove: z.array(z.string()).describe("Names of the replicas that it removes"),
  before: ringFacts,
  after: ringFacts,
  moved: movement,
}).meta({ id: "Plan" });

/** The predicted effect of a change. */
export type Plan = AnswerOf<typeof plan>;

/** The predicted effect of a change. */
export const planned = successful(plan).meta({ id: "Planned" });

/** `POST /_lb/plan` */
export type Planned = AnswerOf<typeof planned>;
