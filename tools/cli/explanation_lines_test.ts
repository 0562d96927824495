import { assertEquals } from "@std/assert";
import type { Explanation } from "../../balancer/answers/explanation.ts";
import { explanationLines } from "./explanation_lines.ts";
import { NO_PAINT } from "./paint.ts";

/** Fields that the command does not show. */
const KNOWN = {
  decision: { to: "nobody", why: "none" },
  hash: 7,
  quarantined: false,
  entry: { protocols: ["http/1.1"], streams: 100, tls: null },
  loadBound: null,
} as const;

const LOOK = { paint: NO_PAINT, width: 80 };

Deno.test("explain: the reason comes first, then the replicas in routing order", () => {
  const other = {
    ready: true,
    awaited: false,
    scheme: "http" as const,
    weight: 1,
    inFlight: 0,
    cap: null,
  };
  const explanation: Explanation = {
    route: null,
    ...KNOWN,
    reason: "Key user-7 falls on slot 366, which S4 owns; S4 is being replaced.",
    key: "user-7",
    cookie: null,
    hashedAs: "string",
    slot: 366,
    owner: "S4",
    successors: ["Server2", "Server1"],
    version: 6,
    digest: "9f3f34e54f83d8f9",
    replicas: [
      { ...other, name: "Server1", ready: false },
      { ...other, name: "Server2", inFlight: 12, cap: 15 },
      { ...other, name: "S4", ready: false, awaited: true, weight: 0.5 },
    ],
  };
  assertEquals(explanationLines(explanation, LOOK), [
    "Key user-7 falls on slot 366, which S4 owns; S4 is being replaced.",
    "",
    'key "user-7", hashed as string: slot 366 of ring version 6, digest 9f3f34e54f83d8f9',
    "",
    "REPLICA  ASKED  STATE    WEIGHT  IN FLIGHT  AT MOST",
    "S4           1  awaited     0.5          0      any",
    "Server2      2  ready         1         12       15",
    "Server1      3  away          1          0      any",
  ]);
});

Deno.test("explain: an empty ring has a reason and no table", () => {
  const explanation: Explanation = {
    route: null,
    ...KNOWN,
    reason: "Key a falls on slot 1, which nobody owns; no replica is ready.",
    key: "a\x1b[2J",
    cookie: null,
    hashedAs: "string",
    slot: 1,
    owner: null,
    successors: [],
    version: 1,
    digest: "0",
    replicas: [],
  };
  assertEquals(explanationLines(explanation, LOOK).slice(2), [
    'key "a", hashed as string: slot 1 of ring version 1, digest 0',
  ]);
});
