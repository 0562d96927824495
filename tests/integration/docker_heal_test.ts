import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { must } from "../../balancer/engine/docker_harness.ts";
import { Balancer, type Status } from "../harness/balancer.ts";
import { dockerTest } from "./harness/docker_fleet.ts";
import { Load } from "../harness/load.ts";
import { waitUntil } from "../harness/raw.ts";

function instanceOf({ replicas }: Status, name: string): string {
  return replicas.find((replica) => replica.name === name)?.instance ?? "";
}

async function nameOf(container: string): Promise<string> {
  return (await must("GET", `/containers/${container}/json`)).Name;
}

dockerTest("a spare container stands in within the ring, and takes the name", async (fleet) => {
  await using balancer = await Balancer.ready({ ...fleet.env, LB_SPARES: "1" });
  const before = await balancer.until(({ spares }) => spares[0]?.state === "ready");
  const spare = before.spares[0]?.instance ?? "";
  assertEquals(await nameOf(spare), `/${fleet.name}-spare.1`);
  const load = new Load(`${balancer.url}/home`, 4);
  await must("POST", `/containers/${instanceOf(before, "Server2")}/kill`);
  const after = await balancer.until((status) => instanceOf(status, "Server2") === spare);
  await balancer.until(({ spares, ready }) => ready === 3 && spares[0]?.state === "ready");
  const { failed, served } = await load.stop();
  assertEquals(failed, []);
  assertEquals([...served.keys()].sort(), ["1", "2", "3"]);
  assertEquals(after.digest, before.digest);
  await waitUntil(
    "the spare's new name",
    async () => await nameOf(spare) === `/${fleet.name}-Server2`,
  );
  const next = (await balancer.status()).spares[0]?.instance ?? "";
  assertEquals(await nameOf(next), `/${fleet.name}-spare.2`);
});

dockerTest(
  "a balancer that comes back knows a spare that stood in by its new name",
  async (fleet) => {
    const env = { ...fleet.env, LB_SPARES: "1" };
    const first = await Balancer.ready(env);
    const before = await first.until(({ spares }) => spares[0]?.state === "ready");
    const spare = before.spares[0]?.instance ?? "";
    await must("POST", `/containers/${instanceOf(before, "Server2")}/kill`);
    await first.until((status) => instanceOf(status, "Server2") === spare);
    await waitUntil(
      "the spare's new name",
      async () => await nameOf(spare) === `/${fleet.name}-Server2`,
    );
    await first.end("SIGKILL");
    await using second = await Balancer.ready(env);
    assertEquals(instanceOf(await second.status(), "Server2"), spare);
    await second.until(({ spares }) => spares[0]?.state === "ready");
    await waitUntil("4 containers", async () => (await fleet.containers()).length === 4);
  },
);

dockerTest(
  "a balancer that is killed in the middle of a heal comes back to N containers, none half made",
  async (fleet) => {
    for (let looks = 0; looks < 4; looks++) {
      const balancer = await Balancer.ready(fleet.env);
      const before = await balancer.status();
      await must("POST", `/containers/${instanceOf(before, "Server1")}/kill`);
      await balancer.until(({ ready }) => ready < 3);
      for (let look = 0; look < looks; look++) await balancer.status();
      await balancer.end("SIGKILL");
    }
    await must("POST", `/containers/create?name=${fleet.name}-Half`, {
      Image: "ringkeeper-replica",
      Labels: { "ringkeeper.fleet": fleet.name, "ringkeeper.replica": "Server2" },
    });
    await using balancer = await Balancer.ready(fleet.env);
    const { replicas } = await balancer.status();
    assertEquals(replicas.map(({ name }) => name), ["Server1", "Server2", "Server3"]);
    await waitUntil("3 containers", async () => (await fleet.containers()).length === 3);
  },
);

dockerTest("a deploy gives every replica another image, and its name back", async (fleet) => {
  await using balancer = await Balancer.ready(fleet.env);
  const before = await balancer.status();
  const load = new Load(`${balancer.url}/home`, 4);
  const deploy = async (image: string) => {
    const response = await balancer.fetch("/_lb/deploy", {
      method: "POST",
      headers: await balancer.bearer(),
      body: JSON.stringify({ image }),
    });
    return (await response.text()).split("\n").filter((line) => line.startsWith("data:"));
  };
  const tag = `ringkeeper-replica:${fleet.name}`;
  await must("POST", `/images/ringkeeper-replica/tag?repo=ringkeeper-replica&tag=${fleet.name}`);
  try {
    assertEquals((await deploy(tag)).at(-1), 'data: {"step":"done"}');
    const after = await balancer.status();
    assertEquals([after.digest, after.ready], [before.digest, 3]);
    for (const { name, instance } of after.replicas) {
      assertNotEquals(instance, instanceOf(before, name));
      const container = await must("GET", `/containers/${instance}/json`);
      const { Id } = await must("GET", `/images/${tag}/json`);
      assertEquals([container.Image, container.Name], [Id, `/${fleet.name}-${name}`]);
    }
    const failed = await deploy("ringkeeper-no-such-image");
    assert(failed.at(-1)?.includes("rolled-back"), failed.join("\n"));
    const kept = await balancer.status();
    assertEquals(
      kept.replicas.map(({ instance }) => instance),
      after.replicas.map(({ instance }) => instance),
    );
    assertEquals((await load.stop()).failed, []);
    await waitUntil("3 containers", async () => (await fleet.containers()).length === 3);
  } finally {
    await balancer.end("SIGTERM");
    await must("DELETE", `/images/${tag}`);
  }
});

dockerTest("the status shows the output of a container that never became ready", async (fleet) => {
  await using balancer = await Balancer.start({
    ...fleet.env,
    LB_REPLICAS: "1",
    LB_REPLICA_COMMAND: `deno eval "console.error('no such database'); Deno.exit(3)"`,
  });
  const { replicas } = await balancer.until(({ replicas }) =>
    replicas[0]?.lastError?.lastWords !== undefined
  );
  assertEquals(replicas[0]?.lastError?.lastWords, ["no such database"]);
});
