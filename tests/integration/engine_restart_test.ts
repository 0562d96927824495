import { assertEquals } from "@std/assert";
import { waitFor } from "../../balancer/engine/testing.ts";
import { buildImages } from "../../tools/docker/images.ts";
import { OWN_ENGINE_TESTS_IGNORED, OwnEngine } from "./harness/own_engine.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const FLEET = "restarted";

/** The container of a replica. */
const CONTAINER = `${FLEET}-Server1`;

/** From the network of the replicas a call shows a token. */
const CURL = ["-sf", "-m", "2", "-H", `Authorization: Bearer ${FLEET}`];

/** Longest wait for one step, in milliseconds. */
const STEP_MS = 60_000;

/** The balancer's container, asked from the Engine's network. */
class BalancerContainer {
  readonly #engine: OwnEngine;
  readonly #address: string;

  private constructor(engine: OwnEngine, address: string) {
    this.#engine = engine;
    this.#address = address;
  }

  static async run(engine: OwnEngine): Promise<BalancerContainer> {
    const { gid } = await Deno.stat(`${engine.socketFolder}/docker.sock`);
    await engine.must("network", "create", FLEET);
    const container = await engine.must(
      ...["run", "-d", "--network", FLEET, "--group-add", String(gid), "--read-only"],
      ...["-v", `${engine.socketFolder}:/run/docker-host:ro`],
      ...["-e", "LB_ENGINE=docker", "-e", `LB_FLEET=${FLEET}`, "-e", `LB_DOCKER_NETWORK=${FLEET}`],
      ...["-e", "LB_HOST=0.0.0.0", "-e", "LB_PUBLIC_API=all", "-e", "LB_REPLICAS=2"],
      ...["-e", `LB_READ_TOKEN=${FLEET}`],
      ...["-e", "LB_DOCKER_HOST=unix:///run/docker-host/docker.sock", "ringkeeper-balancer"],
    );
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    return new BalancerContainer(engine, await engine.must("inspect", "-f", format, container));
  }

  /** Waits until `GET /_lb/healthz` answers so. */
  async until(
    what: string,
    isSo: (health: { ready: number; engineAwayMs: number }) => boolean,
  ): Promise<void> {
    const url = `http://${this.#address}:5000/_lb/healthz`;
    await waitFor(what, async () => {
      const { code, stdout } = await this.#engine.inNetwork("curl", ...CURL, url);
      return code === 0 && isSo(JSON.parse(stdout));
    }, STEP_MS);
  }
}

test({
  name: "a balancer in a container finds an Engine again that was killed and started, and heals",
  ignore: OWN_ENGINE_TESTS_IGNORED,
  fn: async () => {
    await buildImages(() => {});
    await using engine = await OwnEngine.start();
    await engine.load("ringkeeper-balancer", "ringkeeper-replica");
    const balancer = await BalancerContainer.run(engine);
    await balancer.until("the first replicas", ({ ready }) => ready === 2);

    await engine.killDaemon();
    await balancer.until("that the Engine is away", ({ engineAwayMs }) => engineAwayMs > 0);
    await engine.startDaemon();
    await balancer.until("that the Engine is back", ({ engineAwayMs }) => engineAwayMs === 0);

    const before = await engine.must("inspect", "-f", "{{.Id}}", CONTAINER);
    await engine.must("kill", CONTAINER);
    await waitFor("the replacement", async () => {
      const { code, stdout } = await engine.docker("inspect", "-f", "{{.Id}}", CONTAINER);
      return code === 0 && stdout.trim() !== before;
    }, STEP_MS);
    await balancer.until("the healed fleet", ({ ready }) => ready === 2);
    assertEquals((await engine.must("ps", "-q")).split("\n").length, 3);
  },
});
