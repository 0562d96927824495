/**
 * Peers that are npm packages: run by Node, for which they are made, or by Deno where there is no
 * Node. Their packages live in a folder of the bench and are none of the product's.
 *
 * @module
 */
import { lastLines, run, sameDeno } from "../../tools/command.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { Missing } from "../harness/machine.ts";
import type { Proxy } from "./proxy.ts";

/** Flags for Deno in the place of Node. */
const DENO = ["run", "--quiet", "--no-prompt", "--no-lock", "--no-config", "--allow-net"];
const DENO_PERMISSIONS = ["--allow-read", "--allow-env", "--allow-sys"];

/**
 * A proxy that is made of npm packages.
 *
 * @param name its name
 * @param script file in servers/
 * @param packages its packages and their versions, the proxy's own first
 */
export function javascriptPeer(
  name: string,
  script: string,
  packages: Readonly<Record<string, string>>,
): Proxy {
  const folder = new URL(`bench-proxy/npm/${name}/`, RUN_DIR);
  const path = new URL(`servers/${script}`, import.meta.url).pathname;
  return {
    name,
    kind: "peer",
    version: async () => {
      await install(folder, packages);
      return `${Object.values(packages)[0]}, ${await nodeVersion() ?? `Deno ${Deno.version.deno}`}`;
    },
    command: async ({ port, upstreams }) => {
      const ports = [port, ...upstreams].map(String);
      const runtime = await nodeVersion()
        ? ["node"]
        : [Deno.execPath(), ...DENO, ...DENO_PERMISSIONS];
      return { args: [...runtime, path, `${folder.pathname}package.json`, ...ports] };
    },
  };
}

/** Fetches packages into a folder, as Deno does for any import. */
async function install(folder: URL, dependencies: Readonly<Record<string, string>>): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const manifest = JSON.stringify({ private: true, dependencies });
  await Deno.writeTextFile(new URL("package.json", folder), manifest);
  const command = sameDeno(["install", "--quiet", "--no-prompt", "--node-modules-dir=auto"]);
  const { code, stderr } = await run("sh", [
    "-c",
    'cd "$0" && exec sh "$@"',
    folder.pathname,
    ...command,
  ]);
  if (code !== 0) throw new Missing(`its npm packages cannot be fetched: ${lastLines(stderr, 1)}`);
}

async function nodeVersion(): Promise<string | undefined> {
  const { code, stdout } = await run("sh", ["-c", "exec node --version"]);
  return code === 0 ? `Node ${stdout.trim().slice(1)}` : undefined;
}
