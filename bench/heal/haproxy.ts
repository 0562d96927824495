/**
 * HAProxy in front of containers that Docker starts again.
 *
 * @module
 */
import { lastLines } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { pass } from "../harness/clock.ts";
import { docker, pidOfContainer } from "../harness/docker.ts";
import { haproxyConfig, serversUp } from "../harness/haproxy.ts";
import { isThere, Missing } from "../harness/machine.ts";
import { answers, freePort, startProgram } from "../harness/program.ts";
import { type Contestant, NAMES, REPLICAS, type Running } from "./contestant.ts";
import { RingWatch } from "./ring_watch.ts";
import { IMAGE, networkOf, OF_THIS_BENCH, type Room } from "./room.ts";

/** Milliseconds between two reads of the statistics. */
const LOOK_MS = 20;
/** Milliseconds until all servers are up at first. */
const START_MS = 30_000;
/** Port of the service in its container. */
const SERVICE_PORT = 5000;
/** Last part of the first server's address. */
const FIRST_HOST = 101;

/** HAProxy, containers with `restart=always` and fixed addresses. */
export const HAPROXY: Contestant = {
  name: "haproxy",
  about: "HAProxy, checks each 1 s, containers with restart=always",
  kind: "peer",
  // restart=always waits longer after each start of a container that lived shorter than that.
  rest: 10,
  start,
};

async function start(room: Room): Promise<Running> {
  if (!await isThere("haproxy")) throw new Missing("not installed: apt-get install haproxy");
  const { address } = networkOf(room);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => removeContainers(room));
  for (const [at, name] of NAMES.entries()) {
    await runContainer(room, name, address(FIRST_HOST + at));
  }
  const { port, statsPort } = await stack.use(await runHaproxy(room));
  const ring = new RingWatch();
  const over = new AbortController();
  const watching = watch(`http://127.0.0.1:${statsPort}/;csv`, ring, over.signal);
  stack.defer(() => {
    over.abort();
    return watching;
  });
  const full = await ring.until(({ size }) => size === REPLICAS, START_MS, room.signal);
  if (full === undefined) throw new ToolError("the servers of HAProxy do not come up");
  const moved = stack.move();
  return {
    ...{ port, ring },
    instanceOf: (name) => Promise.resolve(containerName(room, name)),
    pidOf: pidOfContainer,
    whole: () => Promise.resolve(ring.ready.size === REPLICAS),
    digest: () => Promise.resolve(undefined),
    incident: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function runHaproxy(room: Room) {
  const [port, statsPort] = [freePort(), freePort()];
  const { address } = networkOf(room);
  const servers = NAMES.map((name, at) =>
    `server ${name} ${address(FIRST_HOST + at)}:${SERVICE_PORT}`
  );
  const binds = { bind: `127.0.0.1:${port}`, statsBind: `127.0.0.1:${statsPort}` };
  const config = `${room.folder}/haproxy.cfg`;
  await Deno.writeTextFile(config, haproxyConfig({ ...binds, servers }));
  const program = startProgram({ args: ["haproxy", "-db", "-f", config] }, `${config}.log`);
  if (!await answers(`http://127.0.0.1:${statsPort}/;csv`, program.ended)) {
    await program[Symbol.asyncDispose]();
    const log = lastLines(await Deno.readTextFile(program.log), 3);
    throw new ToolError(`HAProxy does not start: ${log}`);
  }
  return { port, statsPort, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

async function runContainer(room: Room, name: string, ip: string): Promise<void> {
  const { name: network, gateway } = networkOf(room);
  const env = {
    HOST: "0.0.0.0",
    PORT: String(SERVICE_PORT),
    SERVER_NAME: name,
    COLLECTOR: `${gateway}:${room.collector.port}`,
  };
  const settings = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  const place = ["--network", network, "--ip", ip, "--label", OF_THIS_BENCH];
  const named = ["--name", containerName(room, name), "--restart", "always"];
  await docker("run", "--detach", ...named, ...place, ...settings, IMAGE);
}

async function removeContainers(room: Room): Promise<void> {
  await docker("rm", "--force", "--volumes", ...NAMES.map((name) => containerName(room, name)));
}

function containerName({ run }: Room, name: string): string {
  return `${run}-haproxy-${name}`;
}

/** Reads the statistics until the end. */
async function watch(url: string, ring: RingWatch, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      const statistics = await (await fetch(url, { signal })).text();
      ring.update(serversUp(statistics).map(({ name }) => name));
      await pass(LOOK_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) ring.fail(new ToolError(`HAProxy gives no statistics: ${error}`));
  }
}
