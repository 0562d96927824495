/**
 * A-1 in words.
 *
 * @module
 */
import { hashFamilies } from "../../ring/mod.ts";
import type { Distribution } from "./a1.ts";
import { REQUESTS } from "./census.ts";
import { ringOf, serverNames } from "./layouts.ts";
import { percent, tableOf } from "./markdown.ts";
import { SEED_FIGURES } from "./seed_document.ts";
import { spreadOf } from "./statistics.ts";

const SLOTS = 512;

/** The section. */
export function distributionReport(
  data: readonly Distribution[],
  chart: (name: string) => string,
): string {
  const strays = data.reduce((sum, { strays }) => sum + strays, 0);
  const lost = data.reduce((sum, { faults }) => sum + faults.length, 0);
  return [
    `One fleet of three for each layout and hash family. ${lost} requests were lost, and ${strays} ` +
    `were answered by another replica than a ring built in the bench says.`,
    tableOf(
      ["layout, hashes", "ids", "slots (computed)", "requests", "largest share", "deviation"],
      [seedLine(), ...data.map(lineOf)],
    ),
    chart("a-1"),
    claims(data),
  ].join("\n\n");
}

function seedLine(): string[] {
  const requests = [...SEED_FIGURES.requests];
  return ["*the seed document's own figures*", "", "", ...sharesOf(requests)];
}

function lineOf({ way, withIds, slots, requests }: Distribution): string[] {
  return [`${way}`, withIds ? "0 to 9999" : "fresh", slots.join(" / "), ...sharesOf(requests)];
}

function sharesOf(requests: readonly number[]): string[] {
  const { max, deviation } = spreadOf(requests);
  const sum = requests.reduce((all, one) => all + one, 0);
  return [requests.join(" / "), percent(max / sum), deviation.toFixed(0)];
}

/** What the seed's own formulas can and cannot do. */
function claims(data: readonly Distribution[]): string {
  const bySeed = data.find(({ way }) => way === "ring, seed");
  const byClassic = data.find(({ way }) => way === "ring, classic");
  const seedRing = ringOf({ layout: "ring", hashes: "seed", colour: "" }, serverNames(3));
  const taken = seedRing.virtualServers.map(({ slot }) => slot);
  return `**What the seed document says and its formulas cannot do.** It reports ${
    SEED_FIGURES.requests.join(" / ")
  }. With its formulas as printed, H(i) = i + 2i + 1 and Φ(i, j) = i + j + 2j + 25, M = 512, K = 9 and N = 3, the slots fall ${
    bySeed?.slots.join(" / ")
  }, and 10,000 requests ${
    bySeed?.requests.join(" / ")
  }. Φ adds the server's number to three times the index of the virtual server, so all ${taken.length} virtual servers lie side by side in the slots ${
    Math.min(...taken)
  } to ${
    Math.max(...taken)
  }. Whoever stands first in that stretch owns the whole rest of the circle, and H, which is 3i + 1, reaches all slots alike and so gives it ${
    percent(Math.max(...bySeed?.requests ?? []) / REQUESTS)
  } of the requests. No run of these formulas gives the reported figures.

With the exponents that the document seems to have lost (\`classic\`), H(i) = i² + 2i + 17 and Φ(i, j) = i² + j² + 2j + 25, it is ${
    byClassic?.slots.join(" / ")
  } slots and ${
    byClassic?.requests.join(" / ")
  } requests. H(i) is (i + 1)² + 16, and few numbers are squares modulo 512: requests reach ${reachedSlots()} slots only. Φ is the sum of two squares but for a constant, so that virtual servers cluster, too; linear probing then makes clusters longer.

Shares as even as the reported ones need another placement: \`even\` gives them by construction, with any H that spreads ids, the seed's own included. That is why it is the default.`;
}

/** How many slots the ids 0 to 9999 reach by the classic H. */
function reachedSlots(): number {
  const slots = Array.from(
    { length: REQUESTS },
    (_, id) => hashFamilies.classic.request(id, SLOTS),
  );
  return new Set(slots).size;
}
