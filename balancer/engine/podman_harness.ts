/**
 * A Podman for tests, which serves the Docker Engine's API. Its socket, containers, images and
 * networks are in a folder that is removed with it.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import { ask, IMAGE } from "./docker_harness.ts";
import { waitFor } from "./testing.ts";

/** Name that Podman gives to an image without a registry. */
const PODMAN_IMAGE = `localhost/${IMAGE}`;

/**
 * Limits that every machine grants. Podman's own defaults are higher than some machines allow root
 * to set, and then no container starts.
 */
const LIMITS = ["nproc=1000:1000", "nofile=1000:1000"];

/** A running Podman service. */
export class Podman {
  readonly #folder: string;
  #service: Deno.ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Starts the service with the image of the tests, and tries a container.
   *
   * @returns the service, or why it cannot run here
   */
  static async start(): Promise<Podman | string> {
    const podman = new Podman(await Deno.makeTempDir({ prefix: "podman-" }));
    try {
      await podman.#start();
      return podman;
    } catch (error) {
      await podman.close();
      return error instanceof Deno.errors.NotFound
        ? "there is no podman on the PATH"
        : errorMessage(error);
    }
  }

  /** Path of its socket. */
  get socketPath(): string {
    return `${this.#folder}/podman.sock`;
  }

  /** Ends the service and removes its folder. */
  async close(): Promise<void> {
    this.#service?.kill("SIGTERM");
    await this.#service?.status;
    if (this.#service) await this.#run(["system", "reset", "--force"]);
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #start(): Promise<void> {
    await this.#configure();
    await this.#run(["--version"]);
    await this.#loadImage();
    await this.#run(["run", "--rm", "--entrypoint", "deno", PODMAN_IMAGE, "--version"]);
    const args = this.#args(["system", "service", "--time=0", `unix://${this.socketPath}`]);
    this.#service = new Deno.Command("podman", {
      ...{ args, env: this.#env, stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    await waitFor("Podman's socket", () => this.#answers());
  }

  async #configure(): Promise<void> {
    await Deno.mkdir(`${this.#folder}/networks`);
    const config = [
      ...["[containers]", `default_ulimits = ${JSON.stringify(LIMITS)}`],
      ...["[engine]", 'cgroup_manager = "cgroupfs"', 'events_logger = "file"'],
      ...["[network]", `network_config_dir = ${JSON.stringify(`${this.#folder}/networks`)}`],
    ];
    await Deno.writeTextFile(`${this.#folder}/containers.conf`, config.join("\n"));
  }

  async #loadImage(): Promise<void> {
    const archive = `${this.#folder}/image.tar`;
    await run("docker", ["save", "--output", archive, IMAGE]);
    await this.#run(["load", "--input", archive]);
    await Deno.remove(archive);
  }

  async #answers(): Promise<boolean> {
    try {
      return (await ask("GET", "/_ping", undefined, { socketPath: this.socketPath })).status ===
        200;
    } catch (error) {
      // The service does not listen yet.
      if (/ENOENT|ECONNREFUSED/.test(String(Reflect.get(Object(error), "code")))) return false;
      throw error;
    }
  }

  get #env(): Record<string, string> {
    return { CONTAINERS_CONF: `${this.#folder}/containers.conf` };
  }

  #args(args: readonly string[]): string[] {
    const { root, runroot } = { root: `${this.#folder}/root`, runroot: `${this.#folder}/run` };
    return ["--root", root, "--runroot", runroot, ...args];
  }

  #run(args: readonly string[]): Promise<void> {
    return run("podman", this.#args(args), this.#env);
  }
}

/** Runs a program. @throws {Error} it failed; the message is the last line of its output */
async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    ...{ args: [...args], env, stdin: "null", stdout: "null", stderr: "piped" },
    signal: AbortSignal.timeout(120_000),
  }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`${program} ${args.at(-1)}: ${why}`);
}
