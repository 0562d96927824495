import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { IMAGE, must, withImage } from "../../balancer/engine/docker_harness.ts";
import { waitFor } from "../../balancer/engine/testing.ts";
import { Balancer } from "../harness/balancer.ts";
import { dockerTest } from "./harness/docker_fleet.ts";
import { Load } from "../harness/load.ts";

dockerTest(
  "a container that is killed is replaced under its name, and no request fails",
  async (fleet) => {
    await using balancer = await Balancer.ready(fleet.env);
    const before = await balancer.status();
    const victim = before.replicas.find(({ name }) => name === "Server2")?.instance;
    const load = new Load(`${balancer.url}/home`, 8);
    await must("POST", `/containers/${victim}/kill`);
    const after = await balancer.until((status) =>
      status.ready === 3 && status.replicas.some(({ restarts }) => restarts === 1)
    );
    assertEquals((await load.stop()).failed, []);
    assertEquals(after.digest, before.digest);
    assertNotEquals(after.replicas.find(({ name }) => name === "Server2")?.instance, victim);
    assertEquals((await fleet.containers()).length, 3);
  },
);

dockerTest("a container that hangs is found by its heartbeat and replaced", async (fleet) => {
  const quick = { LB_HEARTBEAT_MS: "300", LB_HEARTBEAT_TIMEOUT_MS: "1000" };
  await using balancer = await Balancer.ready({ ...fleet.env, ...quick });
  const victim = (await balancer.replica("Server1"))?.instance;
  await must("POST", `/containers/${victim}/pause`);
  await balancer.until(({ ready, replicas }) =>
    ready === 3 && replicas.some(({ name, restarts }) => name === "Server1" && restarts > 0)
  );
  // Ended containers are removed after all other work.
  await waitFor("its removal", async () => !(await fleet.containers()).includes(victim ?? ""));
});

dockerTest(
  "a balancer that is killed and started again adopts its containers, and duplicates none",
  async (fleet) => {
    const first = await Balancer.ready(fleet.env);
    assertEquals((await first.call("POST", "/add", { n: 1, hostnames: ["S9"] })).status, 200);
    const before = await first.status();
    await first.end("SIGKILL");
    await using second = await Balancer.ready(fleet.env);
    const after = await second.status();
    const instances = (status: typeof after) =>
      status.replicas.map(({ instance }) => instance).sort();
    assertEquals(instances(after), instances(before));
    assertEquals(after.digest, before.digest);
    assertEquals((await fleet.containers()).length, 4);
  },
);

dockerTest("ending the balancer leaves no container and no network", async (fleet) => {
  const balancer = await Balancer.ready(fleet.env);
  const { code, output } = await balancer.end("SIGTERM");
  assertEquals(code, 0, output);
  assertEquals(await fleet.containers(), []);
  const filters = encodeURIComponent(JSON.stringify({ name: [fleet.name] }));
  assertEquals(await must("GET", `/networks?filters=${filters}`), []);
});

dockerTest(
  "a name that another container has is refused, and that container is left alone",
  async (fleet) => {
    await using balancer = await Balancer.ready(fleet.env);
    const before = await balancer.status();
    const name = `${fleet.name}-Foreign`;
    const { Id } = await must("POST", `/containers/create?name=${name}`, { Image: IMAGE });
    try {
      const { status, body } = await balancer.call("POST", "/add", {
        n: 2,
        hostnames: ["Foreign"],
      });
      assertEquals(status, 409);
      assert(JSON.stringify(body).includes("Foreign"), JSON.stringify(body));
      const after = await balancer.status();
      assertEquals([after.digest, after.ready], [before.digest, 3]);
      // The container started at the same time is removed after the call.
      await waitFor("the removal", async () => (await fleet.containers()).length === 3);
      await must("GET", `/containers/${Id}/json`);
    } finally {
      await must("DELETE", `/containers/${Id}?force=1`);
    }
  },
);

dockerTest("any image with any command can be the replica", async (fleet) => {
  await withImage(["deno", "no-such-command"], async (image) => {
    await using balancer = await Balancer.ready({
      ...fleet.env,
      LB_REPLICAS: "2",
      LB_REPLICA_IMAGE: image,
      LB_REPLICA_PORT: "8080",
      LB_REPLICA_ENV: '{"WORD":"other"}',
      LB_REPLICA_COMMAND: `deno eval "Deno.serve({ port: $PORT }, () => new Response('$WORD'))"`,
      LB_HEALTH_PATH: "/",
    });
    assertEquals(await (await balancer.fetch("/any")).text(), "other");
  });
});

dockerTest(
  "an image that does not exist is said in the status, and tried ever more rarely",
  async (fleet) => {
    await using balancer = await Balancer.start({
      ...fleet.env,
      LB_REPLICA_IMAGE: "ringkeeper-no-such-image",
      LB_PULL: "never",
      LB_RESTART_BACKOFF_MS: "60000",
      LB_RESTART_BACKOFF_MAX_MS: "60000",
    });
    const { replicas } = await balancer.until(({ failures }) =>
      (failures["engine.start"] ?? 0) >= 9
    );
    assert(replicas[0]?.lastError?.message.includes("ringkeeper-no-such-image"));
    assertEquals(replicas.map(({ state }) => state), ["waiting", "waiting", "waiting"]);
  },
);
