/**
 * `ringkeeper upstreams`: the list of upstreams, engine static.
 *
 * @module
 */
import type { Command } from "commander";
import type { Upstreams } from "../../balancer/answers/fleet.ts";
import { MAX_WEIGHT, parseUpstreams } from "../../balancer/upstream_list.ts";
import { addressText } from "../../balancer/view.ts";
import { wrongUsage } from "../up/task_command.ts";
import type { UpstreamEntry } from "./api.ts";
import { changedLines } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { type Column, type Look, tableLines } from "./table.ts";

interface Options extends CommonOptions {
  readonly set?: readonly UpstreamEntry[];
}

const MANUAL: Manual = {
  summary: "servers of engine static, shown or replaced",
  about: "Shows the upstreams of a balancer with LB_ENGINE=static, or replaces the whole " +
    "list: new ones are sent heartbeats first, those that are missing drain.",
  examples: [
    ["upstreams", "the list in force"],
    ["upstreams --set 10.0.0.1:80,big=10.0.0.2:80*2", "the whole list"],
  ],
};

/** The verb `upstreams`. */
export function upstreamsCommand(): Command {
  return balancerCommand("upstreams", MANUAL)
    .option("--set <LIST>", "the whole list, as LB_UPSTREAMS has it", entriesOf)
    .option("--json", "print the answer of GET or PUT /_lb/upstreams as it is")
    .action(async (options: Options) => {
      const api = await apiOf(options);
      if (options.set) {
        const changed = await api.setUpstreams(options.set);
        return printAnswer(changed, options, changedLines);
      }
      printAnswer(await api.upstreams(), options, upstreamLines);
    });
}

function entriesOf(text: string): UpstreamEntry[] {
  const upstreams = parseUpstreams(text);
  if (upstreams) {
    return upstreams.map(({ name, address, weight }) => ({
      name,
      address: addressText(address),
      weight,
    }));
  }
  const form = "[name=]host:port[*weight] or [name=]unix:/path[*weight], separated by commas, " +
    `with weights up to ${MAX_WEIGHT}`;
  throw wrongUsage("--set", form, text);
}

function upstreamLines({ upstreams }: Upstreams, look: Look): string[] {
  return tableLines(COLUMNS, upstreams, look);
}

const COLUMNS: readonly Column<UpstreamEntry>[] = [
  { title: "UPSTREAM", cell: ({ name }) => name },
  { title: "ADDRESS", cell: ({ address }) => address },
  { title: "WEIGHT", align: "right", cell: ({ weight }) => String(weight) },
];
