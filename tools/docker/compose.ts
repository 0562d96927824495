/**
 * Docker Compose: the plugin, or the standalone program.
 *
 * @module
 */
import { run } from "../command.ts";

/** The compose command: program and first arguments. */
export type Compose = readonly [program: string, ...args: string[]];

const CANDIDATES: readonly Compose[] = [["docker", "compose"], ["docker-compose"]];

/** The compose of this machine; undefined if none is installed. */
export async function findCompose(): Promise<Compose | undefined> {
  for (const compose of CANDIDATES) {
    const [program, ...args] = compose;
    if ((await run(program, [...args, "version"])).code === 0) return compose;
  }
  return undefined;
}

/**
 * The arguments of a compose call, after the program's name. The call is made in the project's
 * folder, where compose finds compose.yaml and a compose.override.yaml.
 *
 * @param compose which compose
 * @param project the name of the compose project
 * @param args the command and its arguments
 */
export function composeArgs([, ...first]: Compose, project: string, ...args: string[]): string[] {
  return [...first, "-p", project, ...args];
}
