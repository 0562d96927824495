import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { IMAGE, must } from "../../balancer/engine/docker_harness.ts";
import { Balancer, type Status } from "../harness/balancer.ts";
import { type DockerFleet, dockerTest } from "./harness/docker_fleet.ts";

/** A service that fails on request; its container keeps running if only the port is closed. */
const SERVICE = `
const eaten = [];
const server = Deno.serve({ port: 5000, onListen: () => {} }, ({ url }) => {
  const { pathname } = new URL(url);
  if (pathname === '/die') { console.error('no space left'); Deno.exit(3); }
  if (pathname === '/eat') { console.error('hungry'); for (;;) eaten.push(new Uint8Array(2e7).fill(1)); }
  if (pathname === '/close') { setTimeout(() => server.shutdown()); setInterval(() => {}, 1000); }
  if (pathname === '/sicken') Deno.writeTextFileSync('/tmp/sick', 'disk is full');
  return new Response(Deno.env.get('SERVER_NAME'));
});
`.replace(/\s+/g, " ").trim();

/** Settings of a fleet of that service. */
function serving(fleet: DockerFleet, changes: Record<string, string> = {}): Record<string, string> {
  const command = `deno eval --quiet "${SERVICE}"`;
  return { ...fleet.env, LB_REPLICA_COMMAND: command, LB_HEALTH_PATH: "/", ...changes };
}

interface Report {
  readonly name: string;
  readonly signal: string;
  readonly exit: string | null;
  readonly lastWords: readonly string[];
}

const DEADLINE_MS = 180_000;

/** The newest incident that fulfils a condition. */
async function incident(balancer: Balancer, isSo: (one: Report) => boolean): Promise<Report> {
  const deadline = performance.now() + DEADLINE_MS;
  while (performance.now() < deadline) {
    const { body } = await balancer.call("GET", "/_lb/incidents");
    const found = (body as { incidents: Report[] }).incidents.find(isSo);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no such incident within ${DEADLINE_MS} ms`);
}

async function ask(balancer: Balancer, path: string): Promise<string> {
  const response = await balancer.fetch(path);
  return await response.text();
}

function instanceOf({ replicas }: Status, name: string): string | null {
  return replicas.find((replica) => replica.name === name)?.instance ?? null;
}

dockerTest(
  "how a container that served ended is kept: exit code, last lines, in incident and status",
  async (fleet) => {
    await using balancer = await Balancer.ready(serving(fleet));
    await ask(balancer, "/die");
    const { name, exit, lastWords } = await incident(balancer, ({ exit }) => exit !== null);
    assertEquals([exit, lastWords], ["exit code 3", ["no space left"]]);
    const { replicas } = await balancer.until(({ replicas }) =>
      replicas.some((one) => one.name === name && one.lastError?.lastWords !== undefined)
    );
    const error = replicas.find((one) => one.name === name)?.lastError;
    assertEquals([error?.exit, error?.lastWords], [exit, lastWords]);
  },
);

dockerTest(
  "a container that ran out of memory is said to have run out of memory",
  async (fleet) => {
    const settings = {
      LB_REPLICA_OPTIONS: JSON.stringify({ memory: "96m" }),
      // On a busy machine the service eats for seconds, and answers no heartbeat meanwhile.
      LB_HEARTBEAT_TIMEOUT_MS: "60000",
    };
    await using balancer = await Balancer.ready(serving(fleet, settings));
    await ask(balancer, "/eat");
    const { exit, lastWords } = await incident(balancer, ({ exit }) => exit !== null);
    assertEquals([exit, lastWords], ["exit code 137 (out of memory)", ["hungry"]]);
  },
);

dockerTest(
  "a container whose image's HEALTHCHECK fails is replaced, though it answers",
  async (fleet) => {
    const image = `${fleet.name}:checked`;
    const check =
      "try { console.log(Deno.readTextFileSync('/tmp/sick')) } catch { Deno.exit() } Deno.exit(1)";
    const { Id } = await must("POST", "/containers/create", { Image: IMAGE });
    const changes = encodeURIComponent(
      `HEALTHCHECK --interval=500ms --timeout=20s --retries=2 CMD ${
        JSON.stringify(["deno", "eval", check])
      }`,
    );
    await must("POST", `/commit?container=${Id}&repo=${fleet.name}&tag=checked&changes=${changes}`);
    await must("DELETE", `/containers/${Id}`);
    try {
      await using balancer = await Balancer.ready(serving(fleet, { LB_REPLICA_IMAGE: image }));
      const before = await balancer.status();
      const name = await ask(balancer, "/sicken");
      const { signal } = await incident(balancer, (one) => one.name === name);
      assertMatch(signal, /^HEALTHCHECK failed \d+ times in a row: exit code 1: disk is full/);
      const after = await balancer.until(({ ready, replicas }) =>
        ready === 3 && instanceOf({ replicas } as Status, name) !== instanceOf(before, name)
      );
      assertNotEquals(instanceOf(after, name), null);
    } finally {
      await fleet[Symbol.asyncDispose]();
      await must("DELETE", `/images/${image}?force=1`);
    }
  },
);

dockerTest(
  "without a health path a container that accepts no connection any more is replaced, and no request fails",
  async (fleet) => {
    await using balancer = await Balancer.ready(serving(fleet, { LB_HEALTH_PATH: "" }));
    const before = await balancer.status();
    const name = await ask(balancer, "/close");
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const response = await balancer.fetch("/");
      await response.text();
      assertEquals(response.status, 200);
      const now = await balancer.status();
      const instance = instanceOf(now, name);
      if (instance !== null && instance !== instanceOf(before, name) && now.ready === 3) break;
      assert(performance.now() < deadline, JSON.stringify(now.replicas));
    }
    const { signal } = await incident(balancer, (one) => one.name === name);
    assertMatch(signal, /^connection /);
  },
);
