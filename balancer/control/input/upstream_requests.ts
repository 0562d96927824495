/**
 * The schema of the body of `PUT /_lb/upstreams`.
 *
 * @module
 */
import { z } from "zod";
import {
  ADDRESS_RULE,
  GIVEN_NAME_RULE,
  type GivenUpstream,
  isGivenName,
  parseUpstreamAddress,
} from "../../upstream_list.ts";
import { placeText } from "../../view.ts";
import { describe, received } from "../../fault.ts";
import type { BodyForm } from "./schema.ts";
import { weight } from "./weights.ts";

const EXAMPLE = '{"upstreams":[{"name":"web1","address":"10.0.0.1:80","weight":2}]}';

const ADDRESS = { error: received(`each address ${ADDRESS_RULE}`) };

const NAME_RULE = `each name ${GIVEN_NAME_RULE}, or be the address`;

const upstream = z.strictObject({
  name: z.string({ error: received(NAME_RULE) }).exactOptional()
    .describe("Its identity; the address, if not given"),
  address: z.string(ADDRESS)
    .refine((text) => parseUpstreamAddress(text) !== undefined, ADDRESS)
    .describe("host:port, https://host:port for TLS, or unix:/path"),
  weight: weight().default(1).describe("Its share beside the others', 0 to 1000"),
}, { error: describe("name, address and weight", EXAMPLE) }).transform((given, context) => {
  const address = parseUpstreamAddress(given.address);
  if (!address) return z.NEVER;
  const text = placeText(address);
  const { name = text, weight } = given;
  if (name === text || name === given.address) return { name: text, address, weight };
  if (!isGivenName(name)) {
    const message = received(NAME_RULE)({ input: name });
    context.addIssue({ code: "custom", path: ["name"], message });
  }
  return { name, address, weight };
});

/** The body of `PUT /_lb/upstreams`. */
export const upstreamList: BodyForm<readonly GivenUpstream[]> = {
  schema: z.strictObject({
    upstreams: z.array(upstream, { error: received("must be a list of upstreams") })
      .describe("All of them"),
  }, { error: describe("upstreams", EXAMPLE) }).transform(({ upstreams }) => upstreams),
  example: EXAMPLE,
};
