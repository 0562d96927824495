/**
 * Swarm engines under test, on machines that {@linkcode Machines} lays.
 *
 * @module
 */
import type { Machines } from "../../tests/harness/machines.ts";
import { whenPermitted } from "../../tools/test/needs.ts";
import { IMAGE, uniqueName } from "./docker_harness.ts";
import type { SwarmEngineOptions } from "./swarm.ts";
import { type Harness, NO_FAILURES } from "./testing.ts";

const { SwarmEngine } = await whenPermitted(() => import("./swarm.ts"));
type SwarmEngine = InstanceType<typeof SwarmEngine>;

/** An engine to test, and its options. */
interface SwarmHarness extends Harness {
  readonly options: SwarmEngineOptions;
  readonly engine: SwarmEngine;
}

/**
 * Creates an engine to test, of a fleet of its own. This machine reaches the instances by published
 * ports, since it is not on their network.
 *
 * @param machines the machines; the engine asks the first one
 * @param changes changes of the options
 */
export function swarmHarness(
  machines: Machines,
  changes: Partial<SwarmEngineOptions> = {},
): SwarmHarness {
  const fleet = uniqueName();
  const options: SwarmEngineOptions = {
    ...{ connection: { socketPath: machines.socketOf(1) }, fleet, prefix: `${fleet}-` },
    ...{ network: machines.network, image: IMAGE, port: 5000, env: {}, reach: "published" },
    ...{ pull: "missing", pullTimeoutMs: 60_000, dockerConfig: "", onProgress: () => {} },
    ...{
      constraints: [],
      stopGraceMs: 5000,
      pollMs: 100,
      deadlineMs: 20_000,
      failures: NO_FAILURES,
      ...changes,
    },
  };
  return {
    options,
    engine: new SwarmEngine(options),
    kill: async ({ id, machine }) => {
      const at = machines.all.find((one) => machines.nameOf(one) === machine) ?? 1;
      const label = `label=com.docker.swarm.service.id=${id}`;
      const container = await machines.docker(at, "ps", "-q", "--filter", label);
      await machines.docker(at, "kill", container);
    },
    dispose: async () => {
      const label = `label=ringkeeper.fleet=${fleet}`;
      const services = await machines.docker(1, "service", "ls", "-q", "--filter", label);
      for (const id of services.split("\n").filter((one) => one !== "")) {
        await machines.docker(1, "service", "rm", id);
      }
    },
  };
}
