import { assert, assertEquals } from "@std/assert";
import { Balancer } from "./balancer.ts";
import { Flood, type FloodOptions, serveDuring } from "./flood.ts";
import { within } from "./raw.ts";

/** Seconds for each flood: `FLOOD_SECONDS=10` is the long form, with every flood at every limit. Its figures go to `.run/floods.jsonl`. */
const GIVEN = granted() ? Deno.env.get("FLOOD_SECONDS") : undefined;
const SECONDS = Number(GIVEN ?? "3");
const LONG = GIVEN !== undefined;

function granted(): boolean {
  return Deno.permissions.querySync({ name: "env", variable: "FLOOD_SECONDS" }).state === "granted";
}

/** Limits of open files, and how many connections a flood has; undefined: this machine's limit. */
const LIMITS: readonly (readonly [number | undefined, number])[] = [
  [256, 900],
  [1024, 1200],
  [undefined, LONG ? 4000 : 1500],
];

/** The folder in which the balancer may make a socket. */
const FOLDER = ".run/state";

type Target = (balancer: Balancer, socket: string) => Omit<FloodOptions, "connections">;

const portOf = (url: string) => ({ port: Number(new URL(url).port) });

/** Each kind of flood. */
const FLOODS: Readonly<Record<string, Target>> = {
  "event streams on the public port": ({ url }) => ({
    to: portOf(url),
    bytes: "GET /_lb/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer r3ad\r\n\r\n",
  }),
  "calls whose body does not come": ({ url }) => ({
    to: portOf(url),
    bytes: "GET /rep HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx",
  }),
  "idle connections to the public port": ({ url }) => ({ to: portOf(url), bytes: "" }),
  "idle connections to the API's own port": ({ own, url }) => ({
    to: portOf(own === "" ? url : own),
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
  LB_HEARTBEAT_TIMEOUT_MS: "5000",
};

const READ = { headers: { authorization: "Bearer r3ad" } };

/** Asks until the balancer answers and all replicas are ready. */
async function ready(balancer: Balancer) {
  for (;;) {
    const status = await statusOf(balancer);
    if (status && status.desired > 0 && status.ready === status.desired) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
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

/** Asks the service until it answers: connections that were turned away end within a second. */
async function served200(balancer: Balancer) {
  while (await statusAt(balancer, "/home") !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
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

const instancesOf = (status: { replicas: { instance: string }[] }) =>
  status.replicas.map(({ instance }) => instance);

async function withstands(kinds: readonly string[], openFiles: number | undefined, size: number) {
  await Deno.mkdir(FOLDER, { recursive: true });
  const socket = `${FOLDER}/flood-${crypto.randomUUID().slice(0, 8)}.sock`;
  const onSocket = kinds.some((kind) => kind.includes("socket"));
  const balancer = await Balancer.start(
    { ...ENV, LB_ADMIN_LISTEN: onSocket ? `unix:${socket}` : "127.0.0.1:0" },
    openFiles,
  );
  try {
    const before = instancesOf(await within("ready replicas", ready(balancer), 60_000));
    const connections = Math.ceil(size / kinds.length);
    const floods = kinds.map((kind) =>
      new Flood({ ...FLOODS[kind]!(balancer, socket), connections })
    );
    const served = await serveDuring(`${balancer.url}/home`, 1000 * SECONDS);
    const opened = await Promise.all(floods.map((flood) => flood.stop()));
    assert(opened.every((count) => count > 0), opened.join());
    assertEquals(served.wrong, [], JSON.stringify(served));
    assert(served.answered > 0, JSON.stringify(served));
    // Everything is well again, and no replica was replaced meanwhile.
    const ended = performance.now();
    const after = await within("a balancer that is well", ready(balancer), 60_000);
    assertEquals(instancesOf(after), before);
    await within("an answer of the service", served200(balancer), 60_000);
    return { ...served, opened, wellMs: Math.round(performance.now() - ended) };
  } finally {
    const { code, output } = await balancer.end("SIGTERM");
    assertEquals(code, 0, output.slice(-2000));
    await Deno.remove(socket).catch(() => {});
  }
}

/** The long form leaves its figures in a file. */
async function note(openFiles: number | undefined, kinds: readonly string[], served: object) {
  const line = JSON.stringify({ openFiles, kinds, ...served });
  await Deno.writeTextFile(".run/floods.jsonl", `${line}\n`, { append: true });
}

for (const [openFiles, size] of LIMITS) {
  const files = openFiles === undefined ? "this machine's limit of" : String(openFiles);
  for (const kind of LONG || openFiles === 256 ? Object.keys(FLOODS) : []) {
    Deno.test(`with ${files} open files ${kind} stop nothing`, async () => {
      const served = await withstands([kind], openFiles, size);
      if (LONG) await note(openFiles, [kind], served);
    });
  }
  Deno.test(`with ${files} open files all floods at once stop nothing`, async () => {
    const served = await withstands(Object.keys(FLOODS), openFiles, size);
    if (LONG) await note(openFiles, ["all"], served);
  });
}
