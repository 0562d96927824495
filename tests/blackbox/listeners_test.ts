import { assertEquals } from "@std/assert";
import { balancerFor, RawUpstream } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** State of a TCP socket that listens, in /proc/net/tcp. */
const LISTEN = "0A";

/** Flag of a Unix socket that listens, in /proc/net/unix. */
const ACCEPTS = "00010000";

/** Everything that a process listens on: TCP ports, and paths of Unix sockets. */
async function listenersOf(pid: number): Promise<Set<string>> {
  const script = 'cd /proc/$0; for fd in fd/*; do readlink "$fd"; done; ' +
    "sed s/^/tcp:/ net/tcp; sed s/^/tcp:/ net/tcp6; sed s/^/unix:/ net/unix";
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, String(pid)] }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  const inodes = new Set(lines.map((line) => /^socket:\[(\d+)\]$/.exec(line)?.[1]));
  const listeners = lines.map((line) => {
    const [first = "", ...rest] = line.split(/ +/).filter((part) => part !== "tcp:");
    const at = first.startsWith("unix:") ? unixListener(rest) : tcpListener(rest);
    return at && inodes.has(at.inode) ? at.place : undefined;
  });
  return new Set(listeners.filter((place) => place !== undefined));
}

/** Behind the number of the line: local address, peer, state, queues, timer, retries, user, ... */
function tcpListener([local = "", , state, , , , , , inode = ""]: readonly string[]) {
  return state === LISTEN ? { inode, place: String(parseInt(local.slice(-4), 16)) } : undefined;
}

/** Behind the socket's number: references, protocol, flags, type, state, inode, path. */
function unixListener([, , flags, , , inode = "", path = ""]: readonly string[]) {
  return flags === ACCEPTS ? { inode, place: path } : undefined;
}

const portOf = (url: string) => new URL(url).port;

test("a balancer listens on the public port and the API's own, and nowhere else", async () => {
  await using upstream = new RawUpstream();
  await using raw = await balancerFor([upstream], { LB_WORKERS: "2" });
  const { pid, url, own } = raw.balancer;
  assertEquals(await listenersOf(pid), new Set([portOf(url), portOf(own)]));
});

test("a balancer whose API is on the public port alone listens nowhere else", async () => {
  await using upstream = new RawUpstream();
  await using raw = await balancerFor([upstream], { LB_PUBLIC_API: "all", LB_ENGINE: "static" });
  const { pid, url } = raw.balancer;
  assertEquals(await listenersOf(pid), new Set([portOf(url)]));
});

test("a balancer whose API has a socket file listens there and on the public port", async () => {
  const folder = ".run/state";
  await Deno.mkdir(folder, { recursive: true });
  const path = `${Deno.cwd()}/${folder}/listeners-${crypto.randomUUID().slice(0, 8)}.sock`;
  await using upstream = new RawUpstream();
  await using raw = await balancerFor([upstream], {
    LB_PUBLIC_API: "all",
    LB_ADMIN_LISTEN: `unix:${path}`,
  });
  const { pid, url } = raw.balancer;
  assertEquals(await listenersOf(pid), new Set([portOf(url), path]));
});
