/**
 * Clients that hold as many connections as they can, against a balancer with few file descriptors.
 *
 * @module
 */
import { FLOODS, type FloodTest, withstand } from "../../tests/harness/floods.ts";
import type { Attack, Result } from "./attack.ts";

/** Limits of open files. */
const FEW = 256;
const MORE = 1024;

/** Connections of a flood: far more than the balancer has descriptors for. */
const CONNECTIONS = 900;
const MORE_CONNECTIONS = 1200;

/** The only socket that the task may open: a socket permission names one path. */
const SOCKET = ".run/state/attack.sock";

/** The attack. */
export const floods: Attack = {
  name: "floods",
  about: "connections that are held, with few files to open",
  count: CONNECTIONS,
  run: async ({ seconds }) => {
    const results: Result[] = [];
    const kinds = Object.keys(FLOODS);
    const few = { openFiles: FEW, connections: CONNECTIONS, seconds, socket: SOCKET };
    for (const kind of kinds) results.push(await flood(kind, { ...few, kinds: [kind] }));
    results.push(await flood("all of them at once", { ...few, kinds }));
    const more = { openFiles: MORE, connections: MORE_CONNECTIONS, seconds, socket: SOCKET };
    results.push(await flood("all of them at once", { ...more, kinds }));
    return results;
  },
};

async function flood(about: string, test: FloodTest): Promise<Result> {
  const against = `${about}, ${test.openFiles} files`;
  try {
    const { opened, answered, busy, longestMs } = await withstand(test);
    const tried = opened.reduce((sum, count) => sum + count, 0);
    const note =
      `a client: ${answered} answered, ${busy} times 503, the slowest in ${longestMs} ms`;
    return { against, tried, fallen: [], note };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { against, tried: test.connections, fallen: [message.slice(0, 1000)], note: "" };
  }
}
