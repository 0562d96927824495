/**
 * The saved state as text: JSON that is validated field by field when it is read.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { NAME_PATTERN } from "../../../replica/contract.ts";
import { MAX_SLOTS } from "../../../ring/mod.ts";
import type { Template } from "../../engine/engine.ts";
import { type FileOwner, isOpenToOthers, OTHERS, ownerText } from "../../file_owner.ts";
import { MAX_WEIGHT, REPLICA_NAME_PATTERN } from "../../upstream_list.ts";
import { NO_EPOCH, type SavedFleet, StoreError, type Versioned } from "./store.ts";

const NAME = z.string().regex(NAME_PATTERN, {
  error: ({ input }) => `must be the name of a replica; got ${JSON.stringify(input)}`,
});

const SHAPE = z.object({
  slots: z.int().min(1).max(MAX_SLOTS),
  virtualServers: z.int().min(1),
  layout: z.enum(["even", "ring", "rendezvous"]),
  hashes: z.enum(["fibonacci", "seed", "classic", "hashed"]),
});

const UPSTREAMS = z.array(z.object({
  name: z.string().regex(REPLICA_NAME_PATTERN),
  address: z.union([
    z.object({ hostname: z.string().min(1), port: z.int().min(1).max(65535) }),
    z.object({ path: z.string().startsWith("/") }),
  ]),
  weight: z.number().min(0).max(MAX_WEIGHT),
})).min(1);

/**
 * Unknown fields, of other versions of this program, are kept: they are part of the deployed
 * template.
 */
const TEMPLATE = z.looseObject({
  image: z.string().min(1).optional(),
  command: z.string().min(1).optional(),
});

const SAVED = z.object({
  configured: z.int().min(0),
  names: z.array(NAME),
  template: TEMPLATE,
  settings: TEMPLATE.optional(),
  deploy: TEMPLATE.optional(),
  joining: z.record(NAME, z.string()).optional(),
  weights: z.record(NAME, z.number().min(0).max(MAX_WEIGHT)).optional(),
  shape: z.object({ settings: SHAPE, inForce: SHAPE }).optional(),
  upstreams: z.object({ settings: UPSTREAMS, inForce: UPSTREAMS }).optional(),
  maintenance: z.object({
    message: z.string().min(1),
    retryAfterS: z.int().min(1),
    allow: z.array(z.string().refine((text) => ipaddr.isValidCIDR(text))),
    since: z.iso.datetime(),
  }).optional(),
  drain: z.object({
    machine: z.string().min(1),
    before: z.enum(["active", "pause", "drain"]),
  }).optional(),
});

const EPOCH = z.object({ epoch: z.int().min(NO_EPOCH).default(NO_EPOCH) });

/**
 * Parses a state.
 *
 * @param text content of the file
 * @param file owner and mode of the file
 * @throws {SyntaxError} the text is empty or truncated
 * @throws {z.ZodError} the text is JSON of another form
 * @throws {StoreError} the state contains a command and other users could have written the file
 */
export function parseState(text: string, file: FileOwner): Versioned {
  const json = JSON.parse(text);
  const value = SAVED.parse(json) as SavedFleet;
  checkOwner(value, file);
  return { value, epoch: EPOCH.parse(json).epoch };
}

/** Serializes a state. @returns one line of JSON */
export function serializeState({ value, epoch }: Versioned): string {
  return `${JSON.stringify({ epoch, ...value })}\n`;
}

/** A template with more than an image runs with the balancer's own rights. */
function checkOwner({ template, deploy = {} }: SavedFleet, file: FileOwner): void {
  if (!runsCode(template) && !runsCode(deploy)) return;
  if (!isOpenToOthers(file, OTHERS.any)) return;
  throw new StoreError(
    "LB_STATE_FILE: it holds a command, so it must have mode 0600 and belong to the balancer's " +
      `user ${Deno.uid()}; it has ${ownerText(file)}`,
  );
}

const IMAGE_FIELDS = new Set(["image", "imageId", "imageDigest"]);

function runsCode(template: Template): boolean {
  return Object.keys(template).some((field) => !IMAGE_FIELDS.has(field));
}
