/**
 * `ringkeeper ring`: shows each replica's share of the ring, and changes the ring's shape.
 *
 * @module
 */
import type { Command } from "commander";
import type { Shape } from "./api.ts";
import { changedLines } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { ringLines } from "./ring_lines.ts";
import { shapeOf, withShapeOptions } from "./shape.ts";

const MANUAL: Manual = {
  summary: "the slots of each replica; change the shape",
  about: "Shows the ring and the slots that each replica owns. With options " +
    "the ring gets another shape at once; `ringkeeper plan` shows beforehand which keys that moves.",
  examples: [
    ["ring", "the slots of each replica"],
    ["ring --json", "every slot, as JSON"],
    ["ring --slots 1024 --layout rendezvous", "another shape"],
  ],
};

/** The verb `ring`. */
export function ringCommand(): Command {
  const command = balancerCommand("ring", MANUAL);
  return withShapeOptions(command)
    .option("--json", "print the answer of GET or PATCH /_lb/ring as it is")
    .action(async (options: CommonOptions & Shape) => {
      const api = await apiOf(options);
      const shape = shapeOf(options);
      if (Object.keys(shape).length > 0) {
        const changed = await api.reshape(shape);
        return printAnswer(changed, options, changedLines);
      }
      printAnswer(await api.ring(), options, ringLines);
    });
}
