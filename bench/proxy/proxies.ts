/**
 * The compared programs: the balancer, its peers, and the floor.
 *
 * @module
 */
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { run } from "../../tools/command.ts";
import { ownVersion } from "../harness/machine.ts";
import { Missing } from "../harness/machine.ts";
import type { Command } from "../harness/program.ts";
import { javascriptPeer } from "./npm_peers.ts";
import { caddyConfig, haproxyConfig, nginxConfig, type Setup } from "./peer_configs.ts";
import type { Proxy } from "./proxy.ts";

/** All of them, in the order of their turns. */
export const PROXIES: readonly Proxy[] = [
  { name: "ringkeeper", kind: "own", version: ownVersion, command: balancer },
  debianPeer("nginx", ["-v"], "nginx", async (setup) => {
    const config = await write(setup, "nginx.conf", nginxConfig(setup));
    return { args: ["nginx", "-e", "stderr", "-c", config] };
  }),
  debianPeer("haproxy", ["-v"], "haproxy", async (setup) => {
    const config = await write(setup, "haproxy.cfg", haproxyConfig(setup));
    return { args: ["haproxy", "-db", "-f", config] };
  }),
  debianPeer("caddy", ["version"], "caddy", async (setup) => {
    const config = await write(setup, "Caddyfile", caddyConfig(setup));
    const env = { GOMAXPROCS: "1", XDG_CONFIG_HOME: setup.folder, XDG_DATA_HOME: setup.folder };
    return { args: ["caddy", "run", "--adapter", "caddyfile", "--config", config], env };
  }),
  javascriptPeer("http-proxy", "http_proxy.mjs", { "http-proxy": "1.18.1" }),
  javascriptPeer("reply-from", "reply_from.mjs", {
    "@fastify/reply-from": "12.6.5",
    "fastify": "5.12.8",
  }),
  {
    name: "relay",
    kind: "floor",
    version: () => Promise.resolve(`bare relay of bytes, Deno ${Deno.version.deno}`),
    command: ({ port, upstreams }) => {
      const flags = ["--quiet", "--no-prompt", "--no-lock", "--allow-net=127.0.0.1"];
      const ports = [port, ...upstreams].map(String);
      const script = new URL("servers/relay.ts", import.meta.url).pathname;
      return Promise.resolve({ args: [Deno.execPath(), "run", ...flags, script, ...ports] });
    },
  },
];

/** The balancer as `deno task balancer` runs it, without probes. */
async function balancer({ port, http2Port, tlsPort, upstreams, folder }: Setup): Promise<Command> {
  const env = {
    LB_ENGINE: "static",
    LB_HOST: "127.0.0.1",
    LB_PORT: String(port),
    LB_UPSTREAMS: upstreams.map((at) => `127.0.0.1:${at}`).join(","),
    LB_WORKERS: "1",
    LB_KEY: "path",
    LB_HEALTH_PATH: "",
    LB_DRAIN_MS: "0",
    LB_LOG_LEVEL: "warning",
    ...(http2Port > 0 && { LB_HTTP2_CLEARTEXT: "on" }),
    ...(tlsPort > 0 && {
      LB_TLS_PORT: String(tlsPort),
      LB_TLS_CERTIFICATES: folder,
      LB_TLS_MAX_HANDSHAKES: "4000",
    }),
  };
  const [command = "run", ...args] = await balancerArgs();
  return { args: [Deno.execPath(), command, `--allow-read=${folder}`, ...args], env };
}

function debianPeer(
  name: string,
  versionArgs: readonly string[],
  program: string,
  command: Proxy["command"],
): Proxy {
  const version = async () => {
    const found = await run("sh", ["-c", 'exec "$@" 2>&1', "sh", program, ...versionArgs]);
    if (found.code !== 0) throw new Missing(`not installed: apt-get install ${name}`);
    return /\d+\.\d+\.\d+[\w.+-]*/.exec(found.stdout)?.[0] ?? "unknown";
  };
  return { name, kind: "peer", version, command };
}

async function write({ folder }: Setup, name: string, text: string): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeTextFile(path, text);
  return path;
}
