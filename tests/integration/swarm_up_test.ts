import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemTest } from "../../tools/test/needs.ts";
import { buildImages } from "../../tools/docker/images.ts";
import { MACHINE_TESTS_IGNORED, Machines, MACHINES_LACK } from "../harness/machines.ts";
import { waitUntil } from "../harness/machines/wait.ts";

const ROOT = new URL("../../", import.meta.url);
const FLEET = `up-${crypto.randomUUID().slice(0, 8)}`;
const IMAGES = { balancer: "ringkeeper-balancer:machines", replica: "ringkeeper-replica:machines" };

const ignore = MACHINE_TESTS_IGNORED;
const reason = ignore ? ` (ignored: needs ${MACHINES_LACK})` : "";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line program in the network and with the Docker Engine of the first machine. */
async function ringkeeper(machines: Machines, ...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command("nsenter", {
    args: [`--net=/run/netns/${machines.nameOf(1)}`, "--", "sh", "ringkeeper", ...args],
    cwd: ROOT,
    env: {
      DOCKER_HOST: `unix://${machines.socketOf(1)}`,
      LB_FLEET: FLEET,
      BALANCER_IMAGE: IMAGES.balancer,
      LB_REPLICA_IMAGE: IMAGES.replica,
      LB_DRAIN_MS: "2000",
    },
    stdin: "null",
    signal: AbortSignal.timeout(240_000),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Names of everything in the swarm that `up` makes and a fleet has. */
async function objects(machines: Machines): Promise<string[]> {
  const lists = ["service", "secret", "config", "network"].map(async (kind) => {
    const names = await machines.docker(1, kind, "ls", "--format", "{{.Name}}");
    return names.split("\n").filter((name) => name !== "").map((name) => `${kind} ${name}`);
  });
  return (await Promise.all(lists)).flat().sort();
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.body?.cancel();
  return response.status;
}

systemTest({
  name:
    `up --engine swarm starts a balancer on each manager, and down removes exactly that${reason}`,
  ignore,
  fn: async () => {
    await buildImages(() => {}, IMAGES);
    await using machines = await Machines.start(2, Object.values(IMAGES));
    const before = await objects(machines);
    const up = await ringkeeper(machines, "up", "--engine", "swarm", "--replicas", "3");
    assertEquals(up.code, 0, up.stdout + up.stderr);
    assertMatch(up.stdout, /engine: swarm/);
    for (const machine of machines.all) {
      const url = `http://${machines.addressOf(machine)}`;
      await waitUntil(
        "the machine's balancer is ready",
        async () => await statusOf(`${url}:5001/_lb/readyz`) === 200,
      );
      assertEquals(await statusOf(`${url}:5000/home`), 200);
    }
    const status = await ringkeeper(machines, "status");
    assertEquals(status.code, 0, status.stdout + status.stderr);
    assertMatch(status.stdout, /3 of 3 replicas ready, engine swarm/);
    const again = await ringkeeper(machines, "up", "--engine", "swarm");
    assertMatch(again.stdout, /already running/);

    const down = await ringkeeper(machines, "down");
    assertEquals(down.code, 0, down.stdout + down.stderr);
    assertEquals(await objects(machines), before);

    await machines.docker(2, "swarm", "leave", "--force");
    await machines.docker(1, "swarm", "leave", "--force");
    const outside = await ringkeeper(machines, "up", "--engine", "swarm");
    assert(outside.code !== 0);
    assertMatch(outside.stderr, /docker swarm init --advertise-addr.*\n.*docker swarm join-token/);
  },
});
