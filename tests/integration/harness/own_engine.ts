/**
 * A Docker Engine of a test's own, for tests in which the Engine has to misbehave. It has a network
 * namespace, so that its bridges and its packet filter are no one else's.
 *
 * @module
 */
import { DOCKER_TESTS_IGNORED } from "../../../balancer/engine/docker_harness.ts";
import { waitFor } from "../../../balancer/engine/testing.ts";
import { run } from "../../../tools/command.ts";

/** Making a network namespace takes root, on Linux. */
export const OWN_ENGINE_TESTS_IGNORED = DOCKER_TESTS_IGNORED || Deno.build.os !== "linux" ||
  Deno.uid() !== 0;

/** How long an Engine may take to answer after its start, in milliseconds. */
const START_MS = 60_000;

/** How often dockerd may be started until it answers. */
const ATTEMPTS = 4;

/** One more Docker Engine on this machine. Its containers survive its end (`--live-restore`). */
export class OwnEngine implements AsyncDisposable {
  readonly #name: string;
  /** The folder that holds everything of the Engine. */
  readonly #folder: string;
  #daemon: Deno.ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#name = `rk-${crypto.randomUUID().slice(0, 8)}`;
  }

  /** Makes the network namespace, starts the Engine there and waits until the Engine answers. */
  static async start(): Promise<OwnEngine> {
    const engine = new OwnEngine(await Deno.makeTempDir({ prefix: "own-engine-" }));
    try {
      await must("ip", "netns", "add", engine.#name);
      await must("ip", "-n", engine.#name, "link", "set", "lo", "up");
      await Deno.mkdir(engine.socketFolder);
      await engine.startDaemon();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Folder of the Engine's socket. Mount this: the socket is another file after each start. */
  get socketFolder(): string {
    return `${this.#folder}/run`;
  }

  /** The folder of a container in the Engine's data. */
  containerFolder(id: string): string {
    return `${this.#folder}/data/containers/${id}`;
  }

  /** The command before a program that runs it in the Engine's network. */
  get launcher(): readonly string[] {
    return ["nsenter", `--net=/run/netns/${this.#name}`];
  }

  /** Starts the Engine, for the first time or after {@linkcode OwnEngine.killDaemon}. */
  async startDaemon(): Promise<void> {
    // On a busy machine dockerd may give up on its containerd, and ends.
    for (let attempt = 1; !await this.#startOnce(); attempt++) {
      if (attempt === ATTEMPTS) throw new Error("dockerd does not start");
    }
  }

  /** @returns false where dockerd ended before it answered */
  async #startOnce(): Promise<boolean> {
    const folder = this.#folder;
    const log = await Deno.open(`${folder}/dockerd.log`, { append: true, create: true });
    const daemon = new Deno.Command("nsenter", {
      args: [
        ...[`--net=/run/netns/${this.#name}`, "dockerd", "--live-restore"],
        ...["--data-root", `${folder}/data`, "--exec-root", `${folder}/exec`],
        ...["--pidfile", `${folder}/pid`, "-H", `unix://${this.socketFolder}/docker.sock`],
      ],
      // Its containerd may write its stacks there.
      env: { TMPDIR: folder },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // Both streams are read to their end, or the Engine would wait for a reader.
    daemon.stdout.pipeTo(new WritableStream()).catch(() => {});
    daemon.stderr.pipeTo(log.writable).catch(() => {});
    let ended = false;
    daemon.status.then(() => ended = true);
    const answers = async () => (await this.docker("version")).code === 0;
    await waitFor("the Engine", async () => ended || await answers(), START_MS);
    if (!ended) this.#daemon = daemon;
    return !ended;
  }

  /** Ends the Engine without a word (SIGKILL); its containers run on. */
  async killDaemon(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    daemon?.kill("SIGKILL");
    await daemon?.status;
  }

  /** Runs the docker command against the Engine. */
  docker(...args: string[]): ReturnType<typeof run> {
    return run("docker", ["-H", `unix://${this.socketFolder}/docker.sock`, ...args]);
  }

  /**
   * Runs the docker command against the Engine and insists on success.
   *
   * @returns the command's output, without surrounding white space
   */
  async must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.docker(...args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Copies images of the machine's Engine. */
  async load(...images: string[]): Promise<void> {
    const file = `${this.#folder}/images.tar`;
    await must("docker", "save", "-o", file, ...images);
    await this.must("load", "-q", "-i", file);
    await Deno.remove(file);
  }

  /** Runs a program in the Engine's network, where its containers can be reached. */
  inNetwork(program: string, ...args: string[]): ReturnType<typeof run> {
    return run("nsenter", [`--net=/run/netns/${this.#name}`, program, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#daemon) await this.startDaemon();
    if (this.#daemon) {
      const containers = (await this.docker("ps", "-aq")).stdout.split("\n").filter(Boolean);
      if (containers.length > 0) await this.docker("rm", "-f", "-v", ...containers);
      this.#daemon.kill("SIGTERM");
      await this.#daemon.status;
    }
    await run("ip", ["netns", "del", this.#name]);
    const mounts = (await run("findmnt", ["-rno", "TARGET"])).stdout.split("\n")
      .filter((path) => path.startsWith(this.#folder));
    for (const path of mounts.reverse()) await run("umount", ["-l", path]);
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function must(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
