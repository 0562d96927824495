import { assert, assertEquals, assertRejects } from "@std/assert";
import { ask, must } from "../../balancer/engine/docker_harness.ts";
import { Balancer } from "../harness/balancer.ts";
import { dockerTest } from "./harness/docker_fleet.ts";
import { EngineProxy } from "./harness/engine_proxy.ts";

/** The list in docs/guide/security.md. */
async function documentedCalls(): Promise<string[]> {
  const guide = await Deno.readTextFile(new URL("../../docs/guide/security.md", import.meta.url));
  return [...guide.matchAll(/^(?:GET|POST|DELETE) \/\S+$/gm)].map(([call]) => call);
}

async function deploy(balancer: Balancer, template: object): Promise<string> {
  const response = await balancer.fetch("/_lb/deploy", {
    method: "POST",
    headers: await balancer.bearer(),
    body: JSON.stringify(template),
  });
  return await response.text();
}

dockerTest(
  "a fleet lives on the Engine calls that the guide lists, and on no other",
  async (fleet) => {
    const calls = await documentedCalls();
    assert(calls.length > 0);
    await using proxy = await EngineProxy.open(calls);
    const further = `${fleet.name}-further`;
    await must("POST", "/networks/create", { Name: further });
    try {
      const env = {
        ...fleet.env,
        LB_DOCKER_HOST: proxy.host,
        LB_REPLICAS: "2",
        LB_SPARES: "1",
        LB_HEARTBEAT_MS: "500",
        LB_REPLICA_OPTIONS: JSON.stringify({ networks: [further] }),
      };
      await using balancer = await Balancer.ready(env);
      await assertRejects(() => Balancer.start(env), Error, "the balancer ended");
      // A heal: the spare stands in and is renamed.
      const { spares } = await balancer.until(({ spares }) => spares[0]?.state === "ready");
      const victim = (await balancer.replica("Server1"))?.instance;
      await must("POST", `/containers/${victim}/kill`);
      await balancer.until(({ replicas }) => replicas[0]?.instance === spares[0]?.instance);
      // An instance that hangs is killed.
      await balancer.until(({ ready, spares }) => ready === 2 && spares[0]?.state === "ready");
      const hung = (await balancer.replica("Server2"))?.instance;
      await must("POST", `/containers/${hung}/pause`);
      await balancer.until(({ replicas, ready }) => ready === 2 && replicas[1]?.instance !== hung);
      // A deploy, and one of an image that has to be pulled and is nowhere.
      const done = await deploy(balancer, { options: { labels: { team: "x" } } });
      assert(done.includes('{"step":"done"}'), done);
      const nowhere = await deploy(balancer, { image: "127.0.0.1:9/none:1" });
      assert(nowhere.includes("127.0.0.1:9"), nowhere);
      const removed = await balancer.call("DELETE", "/rm", { n: 1, hostnames: ["Server2"] });
      assertEquals(removed.status, 200);
      const { code, output } = await balancer.end("SIGTERM");
      assertEquals(code, 0, output);
    } finally {
      await ask("DELETE", `/networks/${further}`);
    }
    assertEquals(proxy.refused, []);
    assertEquals([...proxy.used].sort(), [...calls].sort());
    assertEquals(await fleet.containers(), []);
  },
);
