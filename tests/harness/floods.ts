/**
 * Floods against a balancer, which must serve another client meanwhile and be sound afterwards.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Balancer } from "./balancer.ts";
import { Flood, type FloodOptions, type Served, serveDuring } from "./flood.ts";
import { waitUntil, within } from "./raw.ts";

/** The folder in which the balancer may make a socket. */
const FOLDER = ".run/state";

type Target = (balancer: Balancer, socket: string) => Omit<FloodOptions, "connections">;

const portOf = (url: string) => ({ port: Number(new URL(url).port) });

/** Each kind of flood. */
export const FLOODS: Readonly<Record<string, Target>> = {
  "event streams on the public port": ({ url }) => ({
    to: portOf(url),
    bytes: "GET /_lb/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer r3ad\r\n\r\n",
  }),
  "calls whose body does not come": ({ url }) => ({
    to: portOf(url),
    bytes: "GET /rep HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx",
  }),
  "half heads on the public port": ({ url }) => ({
    to: portOf(url),
    bytes: "GET /home HTTP/1.1\r\nHost:",
  }),
  "idle connections to the public port": ({ url }) => ({ to: portOf(url), bytes: "" }),
  "idle connections to the API's own port": ({ own }) => ({
    to: portOf(own),
    bytes: "",
  }),
  "half request lines on the API's socket": (_, socket) => ({
    to: { path: socket },
    bytes: "GET /_lb/sta",
  }),
};

const ENV = {
  LB_ENGINE: "process",
  LB_REPLICAS: "2",
  LB_WORKERS: "2",
  LB_PUBLIC_API: "all",
  LB_ADMIN_TOKEN: "adm1n",
  LB_READ_TOKEN: "r3ad",
  LB_HEARTBEAT_MS: "200",
  // Heartbeats without a descriptor fail at once; slow ones are not a subject of this test.
  LB_HEARTBEAT_TIMEOUT_MS: "20000",
};

const READ = { headers: { authorization: "Bearer r3ad" } };

/** Asks until the balancer answers and all replicas are ready. */
async function ready(balancer: Balancer) {
  let status: Awaited<ReturnType<typeof statusOf>>;
  await waitUntil("all replicas are ready", async () => {
    status = await statusOf(balancer);
    return status !== undefined && status.desired > 0 && status.ready === status.desired;
  });
  return status!;
}

/** Asks the service until it answers: connections that were turned away end within a second. */
async function serves(balancer: Balancer): Promise<void> {
  await waitUntil("the service answers", async () => await statusAt(balancer, "/home") === 200);
}

async function statusAt(balancer: Balancer, path: string): Promise<number> {
  try {
    const response = await balancer.fetch(path);
    await response.text();
    return response.status;
  } catch {
    return 0;
  }
}

/** @returns undefined where it is turned away, as long as the balancer has not seen the flood end */
async function statusOf(balancer: Balancer) {
  try {
    const response = await balancer.fetch("/_lb/status", READ);
    return response.ok ? await response.json() : void await response.text();
  } catch {
    return undefined;
  }
}

const instancesOf = (status: { replicas: { instance: string }[] }) =>
  status.replicas.map(({ instance }) => instance);

/** A test of floods. */
export interface FloodTest {
  /** Keys of {@linkcode FLOODS}; all run at once. */
  readonly kinds: readonly string[];
  /** The balancer's limit of open files; undefined: that of this machine. */
  readonly openFiles: number | undefined;
  /** Connections of all floods together. */
  readonly connections: number;
  readonly seconds: number;
  /** Path of the API's socket, where a kind needs one; unless given a name that no other run has. */
  readonly socket?: string;
}

/** Figures of a test that passed. */
interface Withstood extends Served {
  /** Connections that each flood opened. */
  readonly opened: readonly number[];
  /** Milliseconds from the end of the floods until all was well. */
  readonly wellMs: number;
}

function newSocket(): string {
  return `${FOLDER}/flood-${crypto.randomUUID().slice(0, 8)}.sock`;
}

/**
 * Floods a balancer while a client sends requests.
 *
 * @throws {AssertionError} a request was not answered, a replica was replaced, the balancer is not
 * well afterwards or it ended
 */
export async function withstand(
  { kinds, openFiles, connections, seconds, socket = newSocket() }: FloodTest,
): Promise<Withstood> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const onSocket = kinds.some((kind) => kind.includes("socket"));
  const balancer = await Balancer.start(
    { ...ENV, LB_ADMIN_LISTEN: onSocket ? `unix:${socket}` : "127.0.0.1:0" },
    openFiles,
  );
  try {
    const before = instancesOf(await within("ready replicas", ready(balancer), 60_000));
    const each = Math.ceil(connections / kinds.length);
    const floods = kinds.map((kind) =>
      new Flood({ ...FLOODS[kind]!(balancer, socket), connections: each })
    );
    await Promise.all(floods.map((flood) => flood.begun()));
    const served = await serveDuring(`${balancer.url}/home`, 1000 * seconds);
    const opened = await Promise.all(floods.map((flood) => flood.stop()));
    assertEquals(served.wrong, [], JSON.stringify(served));
    assert(served.answered > 0, JSON.stringify(served));
    // Everything is well again, and no replica was replaced meanwhile.
    const ended = performance.now();
    const after = await within("a balancer that is well", ready(balancer), 60_000);
    assertEquals(instancesOf(after), before, JSON.stringify(after.replicas));
    await within("a service that is well", serves(balancer), 60_000);
    return { ...served, opened, wellMs: Math.round(performance.now() - ended) };
  } finally {
    const { code, output } = await balancer.end("SIGTERM");
    assertEquals(code, 0, output.slice(-2000));
    await Deno.remove(socket).catch(() => {});
  }
}
