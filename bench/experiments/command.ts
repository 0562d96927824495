/**
 * The bench's own services as commands of the balancer.
 *
 * @module
 */

/**
 * The command that runs a service in `servers/`.
 *
 * @param file its file
 * @param env names of environment variables that it reads beside those of every replica
 */
export function commandOf(file: string, env: readonly string[]): string {
  const path = new URL(`servers/${file}`, import.meta.url).pathname;
  const names = ["HOST", "PORT", "SERVER_NAME", ...env].join(",");
  const flags = `--quiet --no-prompt --no-lock --no-config --allow-net --allow-env=${names}`;
  return `${Deno.execPath()} run ${flags} ${path}`;
}
