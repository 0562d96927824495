import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { must } from "../../balancer/engine/docker_harness.ts";
import { Balancer, signal } from "../harness/balancer.ts";
import { type DockerFleet, dockerTest } from "./harness/docker_fleet.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const ROOT = new URL("../../", import.meta.url);

/** A state file of the test's own, in the folder that balancers may write. */
class StateFile implements AsyncDisposable {
  readonly path = `.run/state/test-${crypto.randomUUID()}.json`;

  static async create(): Promise<StateFile> {
    await Deno.mkdir(new URL(".run/state/", ROOT), { recursive: true });
    return new StateFile();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of ["", ".previous", ".lock", ".new", ".take-over"]) {
      await Deno.remove(new URL(this.path + end, ROOT)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}

/** How a balancer ended that did not start. */
async function refusal(env: Record<string, string>): Promise<string> {
  try {
    const balancer = await Balancer.start(env);
    await balancer.end("SIGTERM");
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new Error("a second balancer started");
}

function instances(balancer: Balancer): Promise<(string | null)[]> {
  return balancer.status().then(({ replicas }) => replicas.map(({ instance }) => instance));
}

test("a state file has one balancer: a second start names the owner, and kill -9 releases it", async () => {
  await using state = await StateFile.create();
  const env = { LB_ENGINE: "process", LB_REPLICAS: "1", LB_STATE_FILE: state.path };
  const first = await Balancer.ready(env);
  const message = await refusal(env);
  assertStringIncludes(message, `${state.path} is in use by the balancer with process id`);
  assertStringIncludes(message, `process id ${first.pid} on ${Deno.hostname()}`);
  await first.end("SIGKILL");
  await using second = await Balancer.ready(env);
  assertNotEquals(second.pid, first.pid);
});

test("of two balancers that start at once on one port one lives, the other ends", async () => {
  const port = freePort();
  const start = () =>
    Balancer.start({ LB_ENGINE: "process", LB_REPLICAS: "1", LB_PORT: String(port) });
  const results = await Promise.allSettled([start(), start(), start()]);
  const living = results.filter((result) => result.status === "fulfilled");
  for (const { value } of living) await value.end("SIGTERM");
  assertEquals(living.length, 1);
});

test("LB_TAKE_OVER: the balancer that has the state file ends, and the new one goes on", async () => {
  await using state = await StateFile.create();
  const env = {
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_STATE_FILE: state.path,
    LB_PORT: String(freePort()),
  };
  const first = await Balancer.ready(env);
  assertEquals((await first.call("POST", "/add", { n: 1, hostnames: ["S9"] })).status, 200);
  await using second = await Balancer.ready({ ...env, LB_TAKE_OVER: "true" });
  const { code, output } = await first.end("SIGCONT");
  assertEquals(code, 0);
  assertStringIncludes(output, "the fleet is taken over by");
  assertEquals((await second.status()).replicas.map(({ name }) => name), ["Server1", "S9"]);
});

test("Ctrl-C, which arrives twice, ends the balancer cleanly", async () => {
  const balancer = await Balancer.ready({ LB_ENGINE: "process", LB_REPLICAS: "1" });
  Deno.kill(balancer.pid, "SIGINT");
  const { code, output } = await balancer.end("SIGINT");
  assertEquals(code, 0);
  assertStringIncludes(output, '"ended"');
});

dockerTest(
  "a second balancer on the fleet and the Engine does not start, and removes nothing",
  async (fleet) => {
    const env = { ...fleet.env, LB_REPLICAS: "1" };
    await using first = await Balancer.ready(env);
    const before = await instances(first);
    const message = await refusal({ ...env, LB_CONTAINER_PREFIX: `${fleet.name}-b-` });
    assertStringIncludes(
      message,
      `the fleet ${fleet.name} belongs to the balancer with process id`,
    );
    assertStringIncludes(message, `${first.pid} on ${Deno.hostname()}, which is alive`);
    assertEquals(await instances(first), before);
    assertEquals((await fleet.containers()).length, 1);
  },
);

dockerTest(
  "LB_TAKE_OVER hands the fleet over: the containers go on, and the first balancer leaves them",
  async (fleet) => {
    const env = { ...fleet.env, LB_REPLICAS: "2" };
    const first = await Balancer.ready(env);
    const before = await instances(first);
    await using second = await Balancer.ready({ ...env, LB_TAKE_OVER: "true" });
    const { code, output } = await first.end("SIGCONT");
    assertEquals(code, 0);
    assertStringIncludes(output, "the fleet is taken over by");
    assertEquals(await instances(second), before);
  },
);

dockerTest(
  "a balancer that is killed takes its fleet over at once by the lock of its state file",
  async (fleet) => {
    await using state = await StateFile.create();
    const env = { ...fleet.env, LB_REPLICAS: "2", LB_STATE_FILE: state.path };
    const first = await Balancer.ready(env);
    const before = await instances(first);
    await first.end("SIGKILL");
    const second = await Balancer.ready(env);
    assertEquals(await instances(second), before);
    // Without the lock it would have to wait for six seconds of silence.
    const { output } = await second.end("SIGTERM");
    assertStringIncludes(output, "dead, for this one holds its lock");
  },
);

dockerTest(
  "without a state file silence hands the fleet over, and a stopped owner notices that",
  async (fleet) => {
    const env = { ...fleet.env, LB_REPLICAS: "1" };
    await using first = await Balancer.ready(env);
    const before = await instances(first);
    await signal(first.pid, "STOP");
    await using second = await Balancer.ready(env);
    assertEquals(await instances(second), before);
    await signal(first.pid, "CONT");
    const { code } = await first.end("SIGCONT");
    assertEquals(code, 0);
    assertEquals(await instances(second), before);
    assertEquals((await second.status()).ready, 1);
  },
);

dockerTest(
  "nothing of a fleet's mark stays after a clean end, and a pruned mark comes back",
  async (fleet) => {
    const balancer = await Balancer.ready({ ...fleet.env, LB_REPLICAS: "1" });
    const [owner] = await marksOf(fleet, "owner");
    await must("DELETE", `/volumes/${owner}`);
    const deadline = performance.now() + 120_000;
    while ((await marksOf(fleet, "owner")).length === 0) {
      assert(performance.now() < deadline, "the mark did not come back");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assertEquals((await balancer.end("SIGTERM")).code, 0);
    assertEquals(await marksOf(fleet), []);
    assertEquals(await fleet.containers(), []);
  },
);

async function marksOf(fleet: DockerFleet, kind?: string): Promise<string[]> {
  const label = [`ringkeeper.fleet=${fleet.name}`, ...(kind ? [`ringkeeper.mark=${kind}`] : [])];
  const filters = encodeURIComponent(JSON.stringify({ label }));
  const { Volumes } = await must("GET", `/volumes?filters=${filters}`);
  return (Volumes ?? []).map(({ Name }: { Name: string }) => Name);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
