import { assertEquals } from "@std/assert";
import { must } from "../../balancer/engine/docker_harness.ts";
import { Balancer, type Status } from "../harness/balancer.ts";
import { dockerTest } from "./harness/docker_fleet.ts";

const ROOT = new URL("../../", import.meta.url);

const idsOf = ({ replicas }: Status) => replicas.map(({ instance }) => instance ?? "").toSorted();

dockerTest(
  "a container that was disconnected from the network is replaced, and nothing stays at the end",
  async (fleet) => {
    const balancer = await Balancer.ready({ ...fleet.env, LB_REPLICAS: "2" });
    const [one] = idsOf(await balancer.status());
    await must("POST", `/networks/${fleet.name}/disconnect`, { Container: one, Force: true });
    await balancer.until((status) => status.ready === 2 && !idsOf(status).includes(one ?? ""));
    await balancer.end("SIGTERM");
    assertEquals(await fleet.containers(), []);
  },
);

dockerTest(
  "a balancer that starts with another network replaces the old one's replicas, and leaks nothing",
  async (fleet) => {
    const first = await Balancer.ready({ ...fleet.env, LB_REPLICAS: "2" });
    const before = idsOf(await first.status());
    await first.end("SIGKILL");
    const network = `${fleet.name}-other`;
    try {
      const second = await Balancer.ready({
        ...{ ...fleet.env, LB_REPLICAS: "2", LB_DOCKER_NETWORK: network },
      });
      const after = idsOf(await second.status());
      assertEquals(after.filter((id) => before.includes(id)), []);
      await second.end("SIGTERM");
      assertEquals(await fleet.containers(), []);
    } finally {
      await must("DELETE", `/networks/${network}`).catch(() => {});
    }
  },
);

dockerTest(
  "a deploy that kill -9 of the balancer cut off goes on in the next life, for all containers",
  async (fleet) => {
    const folder = `.run/state/test-${crypto.randomUUID()}`;
    await Deno.mkdir(new URL(folder, ROOT), { recursive: true });
    try {
      const env = {
        ...{ ...fleet.env, LB_REPLICAS: "3", LB_ADMIN_OPEN: "true" },
        LB_STATE_FILE: `${folder}/fleet.json`,
      };
      const first = await Balancer.ready(env);
      const response = await first.fetch("/_lb/deploy", {
        method: "POST",
        body: JSON.stringify({ options: { labels: { release: "2" } } }),
      });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; !text.includes("event: replaced");) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the deploy ended before it was cut off: ${text}`);
        text += value;
      }
      await first.end("SIGKILL");
      await reader.cancel().catch(() => {});
      await using second = await Balancer.ready(env);
      const releases = async () => {
        const ids = await fleet.containers();
        const found = await Promise.all(ids.map((id) => must("GET", `/containers/${id}/json`)));
        return found.map(({ Config }) => Config.Labels.release);
      };
      let last: unknown[] = [];
      const deadline = performance.now() + 180_000;
      while (last.length !== 3 || last.some((release) => release !== "2")) {
        if (performance.now() > deadline) throw new Error(`a mixture stayed: ${last}`);
        last = await releases().catch(() => []);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await second.until(({ ready }) => ready === 3);
    } finally {
      await Deno.remove(new URL(folder, ROOT), { recursive: true });
    }
  },
);
