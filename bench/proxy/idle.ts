/**
 * Many clients that are connected and silent.
 *
 * @module
 */
import { LOAD_CORE } from "../harness/pinned.ts";
import { SMALL_BODY } from "./upstreams.ts";

const SCRIPT = new URL("servers/idle_clients.ts", import.meta.url).pathname;
const FLAGS = [
  "run",
  "--quiet",
  "--no-prompt",
  "--no-lock",
  "--allow-net=127.0.0.1",
  "--allow-read",
];
const RAISED = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

/** The clients. */
interface IdleClients {
  /** The proxy's port. */
  readonly port: number;
  /** How many connections. */
  readonly count: number;
  /** Whether each does a request before it is idle. */
  readonly ask: boolean;
  /** The file with the proxy's certificate; empty: without TLS. */
  readonly authority: string;
}

/**
 * Opens connections, and looks at the proxy while they are idle.
 *
 * @param clients the clients
 * @param look the measurement to make meanwhile
 * @returns the result of `look`, and the number of connections that were open to its end
 */
export async function whileIdle<T>(
  { port, count, ask, authority }: IdleClients,
  look: () => Promise<T>,
): Promise<{ result: T; open: number }> {
  const args = [String(port), String(count), ask ? SMALL_BODY : "", authority];
  const command = ["taskset", "-c", String(LOAD_CORE), Deno.execPath(), ...FLAGS, SCRIPT, ...args];
  const child = new Deno.Command("sh", {
    args: ["-c", RAISED, "sh", ...command],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const opened = numberIn((await reader.read()).value);
  const result = await look();
  await child.stdin.close();
  const lost = numberIn((await reader.read()).value);
  await reader.cancel();
  await child.status;
  return { result, open: opened - lost };
}

function numberIn(text = ""): number {
  return Number(/\d+/.exec(text)?.[0] ?? NaN);
}
