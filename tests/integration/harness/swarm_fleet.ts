/**
 * A balancer on machines of a swarm. It runs from the sources, in the network of a container that
 * is attached to the replicas' overlay, and asks the Docker Engine of its machine.
 *
 * @module
 */
import { run } from "../../../tools/command.ts";
import { Balancer } from "../../harness/balancer.ts";
import type { Machines } from "../../harness/machines.ts";

/** Image of the replicas, and of the container that has the balancer's network. */
export const IMAGE = "ringkeeper-replica";

const PORT = 8000;
const API_PORT = 8001;

/** One on each machine, since it publishes the balancer's ports. */
const NETWORK_CONTAINER = "balancer-network";

/** An answer of a balancer. */
interface LocalAnswer {
  /** 0 where there is none. */
  readonly status: number;
  readonly text: string;
}

/** A fleet on the machines, with a name of its own. */
export class SwarmFleet {
  readonly name = `test-${crypto.randomUUID().slice(0, 8)}`;
  readonly machines: Machines;

  constructor(machines: Machines) {
    this.machines = machines;
  }

  /** Settings of a balancer on a machine. */
  env(machine: number): Record<string, string> {
    return {
      LB_ENGINE: "swarm",
      LB_FLEET: this.name,
      LB_DOCKER_HOST: this.machines.socketOf(machine),
      LB_DOCKER_NETWORK: this.machines.network,
      LB_PULL: "never",
      LB_HOST: "0.0.0.0",
      LB_PORT: String(PORT),
      LB_ADMIN_LISTEN: `0.0.0.0:${API_PORT}`,
      LB_ADMIN_OPEN: "true",
      LB_WORKERS: "1",
      LB_STATE_FILE: "",
    };
  }

  /**
   * Starts a balancer on a machine and waits until all of its replicas are ready.
   *
   * @param machine number of the machine
   * @param env more settings
   */
  async ready(machine: number, env: Record<string, string> = {}): Promise<Balancer> {
    const { machines } = this;
    const network = await this.networkOf(machine);
    // It ends with the test, however that ends.
    const launcher = ["setpriv", "--pdeathsig", "KILL", "nsenter", `--net=${network}`];
    const settings = { ...this.env(machine), ...env };
    return await Balancer.ready(settings, undefined, launcher, machines.addressOf(machine));
  }

  /** The network namespace of a machine's balancer, for nsenter(1) on this machine. */
  async networkOf(machine: number): Promise<string> {
    return await this.machines.networkOf(machine, await this.#attach(machine));
  }

  /**
   * Asks a machine's balancer for a path of its API, or of its service, without the machine's cable.
   *
   * @param machine number of the machine
   * @param path the path
   * @param options options of curl(1)
   */
  async ask(machine: number, path: string, ...options: readonly string[]): Promise<LocalAnswer> {
    const url = `http://127.0.0.1:${path.startsWith("/_lb/") ? API_PORT : PORT}${path}`;
    const curl = ["curl", "-s", "-m", "10", "-w", "\n%{http_code}", ...options, url];
    const { stdout } = await run("nsenter", [`--net=${await this.networkOf(machine)}`, ...curl]);
    const end = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
  }

  /** Kills the container of an instance on its machine. */
  async kill(machine: string | null, instance: string | null): Promise<void> {
    const at = this.machines.all.find((one) => this.machines.nameOf(one) === machine) ?? 0;
    const label = `label=com.docker.swarm.service.id=${instance}`;
    const container = await this.machines.docker(at, "ps", "-q", "--filter", label);
    await this.machines.docker(at, "kill", container);
  }

  /** Names of the fleet's services. */
  async services(): Promise<string[]> {
    const filter = `label=ringkeeper.fleet=${this.name}`;
    const args = ["service", "ls", "--format", "{{.Name}}", "--filter", filter];
    return (await this.machines.docker(1, ...args)).split("\n").filter((name) => name !== "");
  }

  /** Starts the container whose network the balancer uses, unless it runs. */
  async #attach(machine: number): Promise<string> {
    const name = NETWORK_CONTAINER;
    const { machines } = this;
    const running = await machines.docker(machine, "ps", "-q", "--filter", `name=${name}`);
    if (running !== "") return name;
    const ports = [PORT, API_PORT].flatMap((port) => ["-p", `${port}:${port}`]);
    await machines.docker(
      machine,
      ...[
        "run",
        "-d",
        "--no-healthcheck",
        "--name",
        name,
        "--network",
        machines.network,
        ...ports,
        IMAGE,
      ],
    );
    return name;
  }
}
