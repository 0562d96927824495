/**
 * Formats the state of the maintenance switch.
 *
 * @module
 */
import type { MaintenanceAnswer } from "../../balancer/answers/maintenance.ts";
import { age, plain } from "./figures.ts";

/**
 * Formats the state of the switch.
 *
 * @param answer the balancer's answer
 * @param now milliseconds since the epoch
 */
export function maintenanceLine({ maintenance }: MaintenanceAnswer, now: number): string {
  if (maintenance === null) return "no maintenance: requests are served";
  const { message, retryAfterS, allow, since } = maintenance;
  const served = allow.length === 0 ? "" : `, clients of ${allow.join(", ")} are served`;
  return `maintenance for ${age(now - Date.parse(since))}: requests are answered 503, ` +
    `Retry-After ${retryAfterS} s${served}: ${plain(message)}`;
}
