/**
 * A copy of the project in a folder of its own, as a second user of the machine would have it.
 *
 * @module
 */
import { dirname } from "node:path";
import { ask, must } from "../../../balancer/engine/docker_harness.ts";
import { type Result, run } from "../../../tools/command.ts";
import { type FleetPlaces, placesOf } from "../../../tools/fleet_places.ts";
import { ROOT } from "../../../tools/project.ts";

/** The files that start a fleet; the build cache of the images depends on nothing else. */
const FILES = [
  ".deno-version",
  ".dockerignore",
  "Dockerfile.balancer",
  "Dockerfile.replica",
  "balancer",
  "compose.yaml",
  "deno.json",
  "deno.lock",
  "replica",
  "ring",
  "ringkeeper",
  "std",
  "tools",
];

/** Longest time for one command, in milliseconds. */
const COMMAND_MS = 120_000;

/** A checkout that runs at most one fleet. */
export class Checkout implements AsyncDisposable {
  /** Names of the fleet. */
  readonly places: FleetPlaces;
  readonly port = freePort();
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    readonly folder: string,
    readonly fleet: string,
    readonly engine: "docker" | "process",
    env: Record<string, string>,
  ) {
    this.places = placesOf(fleet);
    this.#env = { ...env, LB_FLEET: fleet };
  }

  /**
   * Copies the project.
   *
   * @param fleet name of the fleet
   * @param engine the engine that runs its replicas
   * @param env further settings
   */
  static async copy(
    fleet: string,
    engine: "docker" | "process",
    env: Record<string, string> = {},
  ): Promise<Checkout> {
    const folder = await Deno.makeTempDir({ prefix: "checkout-" });
    const copied = await run("cp", ["-a", ...FILES.map((file) => ROOT.pathname + file), folder]);
    if (copied.code !== 0) throw new Error(copied.stderr);
    return new Checkout(folder, fleet, engine, env);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the fleet with one replica. */
  up(port = this.port): Promise<Result> {
    return this.ringkeeper("up", "--engine", this.engine, "--port", String(port), "--replicas=1");
  }

  down(): Promise<Result> {
    return this.ringkeeper("down");
  }

  /** Runs the program of this checkout. */
  async ringkeeper(...args: string[]): Promise<Result> {
    const path = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
    const env = { ...this.#env, PATH: path };
    return await run(`${this.folder}/ringkeeper`, args, { env, timeoutMs: COMMAND_MS });
  }

  /** Status and names of the replicas that the balancer answers; undefined where none listens. */
  async replicas(): Promise<string[] | undefined> {
    try {
      const response = await fetch(`${this.url}/rep`);
      return (await response.json()).message.replicas;
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** Containers, networks and volumes of the fleet, files of its state, and processes. */
  async remains(): Promise<string[]> {
    const { fleet, places: { project, front, back, fleetFile } } = this;
    const found: string[] = [];
    for (const label of [`ringkeeper.fleet=${fleet}`, `com.docker.compose.project=${project}`]) {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const containers = await must("GET", `/containers/json?all=1&filters=${filters}`);
      const { Volumes } = await must("GET", `/volumes?filters=${filters}`);
      const networks = await must("GET", `/networks?filters=${filters}`);
      found.push(...containers.map(({ Names }: { Names: string[] }) => Names[0]));
      found.push(...[...Volumes ?? [], ...networks].map(({ Name }: { Name: string }) => Name));
    }
    for (const name of [front, back]) {
      if ((await ask("GET", `/networks/${name}`)).status !== 404) found.push(name);
    }
    for await (const { name } of Deno.readDir(dirname(`${this.folder}/${fleetFile}`))) {
      if (!["up.lock", "balancer.log"].includes(name)) found.push(name);
    }
    return [...new Set([...found, ...await this.#processes()])];
  }

  /** Working directories of processes that run in this checkout, as `/proc/PID/cwd`. */
  async #processes(): Promise<string[]> {
    const script = 'find /proc/[0-9]* -maxdepth 1 -name cwd -lname "$1*" 2>/dev/null';
    const { stdout } = await run("sh", ["-c", script, "sh", this.folder]);
    return stdout.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    for (const image of Object.values(this.places.images)) {
      await ask("DELETE", `/images/${encodeURIComponent(image)}?force=1`);
    }
    await Deno.remove(this.folder, { recursive: true });
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
