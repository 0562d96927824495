/**
 * `ringkeeper incidents`: the last failures as a table.
 *
 * @module
 */
import type { Command } from "commander";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { incidentLines } from "./incident_lines.ts";

const MANUAL: Manual = {
  summary: "the last failures and their costs",
  about: "Shows the last failures of replicas, the newest first: milliseconds from the first " +
    "sign until no request went there (OUT), until the replacement was ready, until every worker " +
    "routed to it (FULL); the requests that waited, and that were lost.",
  examples: [
    ["incidents", "the newest first"],
    ["incidents --json", "the answer of GET /_lb/incidents"],
  ],
};

/** The verb `incidents`. */
export function incidentsCommand(): Command {
  return balancerCommand("incidents", MANUAL)
    .option("--json", "print the answer of GET /_lb/incidents as it is")
    .action(async (options: CommonOptions) => {
      const answer = await (await apiOf(options)).incidents();
      printAnswer(answer, options, ({ incidents }, look) => incidentLines(incidents, look));
    });
}
