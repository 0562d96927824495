/**
 * Without this project: a service of Docker Swarm, which restarts its tasks, and HAProxy on each
 * machine, which finds the tasks by Docker's DNS.
 *
 * @module
 */
import { Machines } from "../../tests/harness/machines.ts";
import { IMAGE } from "../../tests/integration/harness/swarm_fleet.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { serversUp } from "../harness/haproxy.ts";
import {
  ANSWER_MS,
  type Contestant,
  type Front,
  type Instance,
  MACHINES,
  REPLICAS,
  untilAll,
} from "./contestant.ts";
import { serviceConfig } from "./haproxy_config.ts";
import { HAPROXY_IMAGE, makeHaproxyImage } from "./haproxy_image.ts";
import { processesOf } from "./processes.ts";

const SERVICE = "web";
const SERVICE_PORT = 5000;
const PROXY = "haproxy";
const PORT = 8000;
const STATS_PORT = 8001;

/** Options of both services; the default delay of five seconds would be most of the time. */
const RESTARTS = ["--restart-condition", "any", "--restart-delay", "0s", "--no-resolve-image"];

/** HAProxy and Swarm. */
export class SwarmHaproxy implements Contestant {
  readonly machines: Machines;
  readonly signal: AbortSignal;
  fronts: readonly Front[];

  private constructor(machines: Machines, signal: AbortSignal) {
    this.machines = machines;
    this.signal = signal;
    this.fronts = machines.all.map((machine) => frontAt(machine, machines.addressOf(machine)));
  }

  /**
   * Starts three machines, both services, and waits until all tasks serve.
   *
   * @param signal aborted when the run is to end early
   */
  static async start(signal: AbortSignal): Promise<SwarmHaproxy> {
    await makeHaproxyImage();
    const images = [IMAGE, HAPROXY_IMAGE];
    const contestant = new SwarmHaproxy(await Machines.start(MACHINES, images), signal);
    try {
      await contestant.#createService();
      await contestant.#createProxies();
      await contestant.rest();
      return contestant;
    } catch (error) {
      await contestant[Symbol.asyncDispose]();
      throw error;
    }
  }

  async rest(): Promise<void> {
    await untilAll(this, (ready) => ready.size === REPLICAS);
  }

  async instances(): Promise<Instance[]> {
    const ip = `{{(index .NetworkSettings.Networks "${this.machines.network}").IPAddress}}`;
    const lists = this.fronts.map(async ({ machine }) => {
      const ids = await this.#containers(machine, SERVICE);
      return await Promise.all(ids.map(async (container) => {
        const id = await this.machines.docker(machine, "inspect", "-f", ip, container);
        return { id, machine, container };
      }));
    });
    return (await Promise.all(lists)).flat();
  }

  async off(machine: number): Promise<void> {
    this.fronts = this.fronts.filter((front) => front.machine !== machine);
    await this.machines.off(machine);
  }

  async pids(): Promise<number[]> {
    const lists = this.fronts.map(async ({ machine }) => {
      const ids = await this.#containers(machine, PROXY);
      return (await Promise.all(ids.map(processesOf))).flat();
    });
    return (await Promise.all(lists)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machines[Symbol.asyncDispose]();
  }

  async #createService(): Promise<void> {
    const env = ["HOST=0.0.0.0", `PORT=${SERVICE_PORT}`, "SERVER_NAME=Server{{.Task.Slot}}"];
    await this.#create(
      SERVICE,
      ...["--replicas", `${REPLICAS}`, "--endpoint-mode", "dnsrr", "--no-healthcheck"],
      ...env.flatMap((one) => ["--env", one]),
      IMAGE,
    );
  }

  async #createProxies(): Promise<void> {
    const ports = { port: PORT, statsPort: STATS_PORT };
    const config = serviceConfig({ ...ports, service: SERVICE, servicePort: SERVICE_PORT });
    const file = new URL("bench-cluster-haproxy.cfg", RUN_DIR).pathname;
    await Deno.writeTextFile(file, config);
    await this.machines.docker(1, "config", "create", PROXY, file);
    const published = Object.values(ports).flatMap((port) => [
      "--publish",
      `mode=host,published=${port},target=${port}`,
    ]);
    await this.#create(
      PROXY,
      ...["--mode", "global", "--config", `source=${PROXY},target=/haproxy.cfg`, ...published],
      ...[HAPROXY_IMAGE, "-db", "-f", "/haproxy.cfg"],
    );
  }

  async #create(name: string, ...options: readonly string[]): Promise<void> {
    const placed = ["--network", this.machines.network, ...RESTARTS];
    await this.machines.docker(1, "service", "create", "-d", "--name", name, ...placed, ...options);
  }

  async #containers(machine: number, service: string): Promise<string[]> {
    const filter = `label=com.docker.swarm.service.name=${service}`;
    const args = ["ps", "-q", "--no-trunc", "--filter", filter];
    return (await this.machines.docker(machine, ...args)).split("\n").filter((id) => id !== "");
  }
}

function frontAt(machine: number, address: string): Front {
  const statistics = `http://${address}:${STATS_PORT}/;csv`;
  return {
    machine,
    url: `http://${address}:${PORT}`,
    ready: async () => {
      try {
        const response = await fetch(statistics, { signal: AbortSignal.timeout(ANSWER_MS) });
        return new Set(serversUp(await response.text()).map(({ address }) => address));
      } catch (error) {
        // It has not started yet, or starts again.
        if (error instanceof TypeError) return new Set();
        throw error;
      }
    },
  };
}
