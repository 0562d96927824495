/**
 * Several machines on one, for tests: each is a Docker Engine with a host name, network, mounts and
 * processes of its own, and all are managers of one Docker Swarm. They are connected by a bridge in
 * a network namespace of its own, on which this machine has an address, too. Several runs at once do
 * not meet.
 *
 * Requires root, dockerd, tini, iproute2, util-linux and the kernel's vxlan.
 *
 * @module
 */
import { PERMITTED } from "../../tools/test/needs.ts";
import { run } from "../../tools/command.ts";

/** Programs that the machines need. */
const PROGRAMS = ["docker", "dockerd", "tini", "ip", "nsenter", "unshare", "iptables"];

/** Longest time for one command, in milliseconds. */
const COMMAND_MS = 120_000;

/** Longest time for a boot, an import of images, and the removal of all machines. */
const SLOW_MS = 120_000;

const GUARD = new URL("machines/guard.sh", import.meta.url).pathname;

/** Why tests on several machines cannot run here; undefined if they can. */
export const MACHINES_LACK: string | undefined = PERMITTED ? await lackOfMachines() : "permissions";

/** True where they cannot run; `LB_TEST_MACHINES=required` makes that an error. */
export const MACHINE_TESTS_IGNORED: boolean = MACHINES_LACK !== undefined &&
  (!PERMITTED || Deno.env.get("LB_TEST_MACHINES") !== "required");

/** Returns what this machine lacks for {@linkcode Machines}; undefined if that is nothing. */
export async function lackOfMachines(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "root on Linux";
  for (const program of PROGRAMS) {
    const { code } = await run("sh", ["-c", 'command -v "$0"', program]);
    if (code !== 0) return program;
  }
  // A tunnel in a namespace of its own, which ends with the command.
  const tunnel = "ip link add rktest type vxlan id 4097 dstport 0";
  const { code } = await run("unshare", ["--net", "sh", "-c", tunnel]);
  return code === 0 ? undefined : "vxlan";
}

/**
 * Runs a command and returns its output without the last line break.
 *
 * @throws {Error} it failed or took too long
 */
async function must(program: string, args: readonly string[], ms = COMMAND_MS): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { timeoutMs: ms });
  if (code === 0) return stdout.trimEnd();
  throw new Error(`${program} ${args.join(" ")}: ${code} ${stderr || stdout}`);
}

/** Calls ip(8) with words that are separated by spaces. */
function ip(words: string): Promise<string> {
  return must("ip", words.split(" "));
}

/** Machines that are connected, with the numbers 1 to their count. */
export class Machines implements AsyncDisposable {
  /** Name of the attachable overlay network of all machines. */
  readonly network = "rk";
  readonly #id = `rk${crypto.randomUUID().slice(0, 5)}`;
  /** The first three numbers of all addresses. */
  readonly #subnet = randomSubnet();
  readonly #folder = `/tmp/${this.#id}`;
  readonly #guard: Deno.ChildProcess;

  private constructor(readonly count: number) {
    // Of a session of its own: a signal to the tests' process group does not end it.
    this.#guard = new Deno.Command("setsid", {
      args: ["--wait", "sh", GUARD, this.#folder, this.#id],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /**
   * Boots machines and makes a swarm of them, all managers.
   *
   * @param count how many
   * @param images images of this machine's own Docker Engine that they get
   */
  static async start(count: number, images: readonly string[] = []): Promise<Machines> {
    const lack = await lackOfMachines();
    if (lack !== undefined) throw new Error(`machines need ${lack}`);
    const machines = new Machines(count);
    try {
      await machines.#boot();
      await machines.#formSwarm();
      if (images.length > 0) await machines.load(images);
      return machines;
    } catch (error) {
      await machines[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Numbers of all machines. */
  get all(): number[] {
    return Array.from({ length: this.count }, (_, index) => index + 1);
  }

  /** Host name of a machine, which is its name in the swarm, too. */
  nameOf(machine: number): string {
    return `${this.#id}-${machine}`;
  }

  /** Address of a machine, which this machine reaches. */
  addressOf(machine: number): string {
    return `${this.#subnet}.${machine}`;
  }

  /** Socket of a machine's Docker Engine. */
  socketOf(machine: number): string {
    return `${this.#folder}/${machine}/run/docker.sock`;
  }

  /**
   * Runs the docker command on a machine.
   *
   * @returns its output without the last line break
   * @throws {Error} it failed, or took more than two minutes
   */
  docker(machine: number, ...args: readonly string[]): Promise<string> {
    return must("docker", ["-H", `unix://${this.socketOf(machine)}`, ...args]);
  }

  /**
   * Returns the network namespace of a container, for nsenter(1) on this machine.
   *
   * @param machine number of its machine
   * @param container name or id
   */
  async networkOf(machine: number, container: string): Promise<string> {
    const pid = await this.docker(machine, "inspect", "-f", "{{.State.Pid}}", container);
    const outer = (await Deno.readTextFile(this.#pidFile(machine))).trim();
    // The machine has process ids of its own, which its /proc shows.
    const init = await must("pgrep", ["-P", outer]);
    return `/proc/${init}/root/proc/${pid}/ns/net`;
  }

  /** Copies images from this machine's own Docker Engine to all machines. */
  async load(images: readonly string[]): Promise<void> {
    const file = `${this.#folder}/images.tar`;
    await must("docker", ["save", "-o", file, ...images], SLOW_MS);
    await Promise.all(this.all.map((machine) => {
      const socket = `unix://${this.socketOf(machine)}`;
      return must("docker", ["-H", socket, "load", "-q", "-i", file], SLOW_MS);
    }));
    await Deno.remove(file);
  }

  /** Takes the power from a machine: everything in it ends at once. */
  async off(machine: number): Promise<void> {
    const pid = await Deno.readTextFile(this.#pidFile(machine));
    await must("kill", ["-KILL", pid.trim()]);
    await Deno.remove(this.#pidFile(machine));
    await ip(`-n ${this.#id}-0 link del p${machine}`);
    await ip(`netns del ${this.nameOf(machine)}`);
  }

  /** Boots a machine that was switched off, and waits until its Docker Engine answers. */
  async boot(machine: number): Promise<void> {
    await this.#connect(machine);
    await this.#powerOn(machine);
    await this.#answers(machine);
  }

  /** Pulls the network cable of a machine. */
  async cut(machine: number): Promise<void> {
    await ip(`-n ${this.#id}-0 link set p${machine} down`);
  }

  /** Plugs the network cable of a machine in. */
  async join(machine: number): Promise<void> {
    await ip(`-n ${this.#id}-0 link set p${machine} up`);
  }

  /** Removes all machines. A test that dies leaves that to the guard. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guard.stdin.close();
    const timer = setTimeout(() => this.#guard.kill("SIGKILL"), SLOW_MS);
    const { success } = await this.#guard.status;
    clearTimeout(timer);
    if (!success) throw new Error(`the machines in ${this.#folder} could not be removed`);
  }

  #pidFile(machine: number): string {
    return `${this.#folder}/${machine}.pid`;
  }

  async #boot(): Promise<void> {
    await Deno.mkdir(this.#folder, { mode: 0o700 });
    await Deno.writeTextFile(`${this.#folder}/daemon.json`, "{}");
    await this.#layBridge();
    for (const machine of this.all) {
      await this.#connect(machine);
      await this.#powerOn(machine);
    }
    await Promise.all(this.all.map((machine) => this.#answers(machine)));
  }

  /** Creates the bridge, and this machine's own link to it, which ends with the namespace. */
  async #layBridge(): Promise<void> {
    const center = `${this.#id}-0`;
    await ip(`netns add ${center}`);
    await ip(`-n ${center} link add bridge type bridge`);
    await ip(`-n ${center} link set bridge up`);
    await ip(`link add ${this.#id} type veth peer name host netns ${center}`);
    await ip(`-n ${center} link set host master bridge up`);
    await ip(`addr add ${this.#subnet}.254/24 dev ${this.#id}`);
    await ip(`link set ${this.#id} up`);
  }

  async #connect(machine: number): Promise<void> {
    const [center, name] = [`${this.#id}-0`, this.nameOf(machine)];
    await ip(`netns add ${name}`);
    await ip(`-n ${name} link set lo up`);
    await ip(`-n ${center} link add p${machine} type veth peer name eth0 netns ${name}`);
    await ip(`-n ${center} link set p${machine} master bridge up`);
    await ip(`-n ${name} addr add ${this.addressOf(machine)}/24 dev eth0`);
    await ip(`-n ${name} link set eth0 up`);
  }

  /** Starts the Docker Engine of a machine in namespaces of its own. */
  async #powerOn(machine: number): Promise<void> {
    const folder = `${this.#folder}/${machine}`;
    await must("rm", ["-rf", `${folder}/run`]);
    for (const part of ["run", "lib"]) await Deno.mkdir(`${folder}/${part}`, { recursive: true });
    // nsenter, not `ip netns exec`, which would hide the control groups behind a fresh /sys.
    const namespaces = "--mount --uts --ipc --pid --fork --kill-child --mount-proc";
    const script = `setsid nsenter --net=/run/netns/${this.nameOf(machine)} \\
        unshare ${namespaces} sh -c '
          hostname ${this.nameOf(machine)}
          mount --bind ${folder}/run /run
          mkdir -p /var/lib/docker
          mount --bind ${folder}/lib /var/lib/docker
          exec tini -s -- dockerd --config-file ${this.#folder}/daemon.json \\
            -H unix:///run/docker.sock --bridge none --userland-proxy=false --log-level warn
        ' >>${folder}.log 2>&1 </dev/null &
      echo $! >${this.#pidFile(machine)}`;
    await must("sh", ["-c", script]);
  }

  async #answers(machine: number): Promise<void> {
    const deadline = performance.now() + SLOW_MS;
    for (;;) {
      const args = ["-H", `unix://${this.socketOf(machine)}`, "version"];
      if ((await run("docker", args, { timeoutMs: COMMAND_MS })).code === 0) return;
      if (performance.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const log = await Deno.readTextFile(`${this.#folder}/${machine}.log`);
    throw new Error(`machine ${machine} does not boot:\n${log.slice(-1000)}`);
  }

  async #formSwarm(): Promise<void> {
    const at = (machine: number) => {
      const address = this.addressOf(machine);
      return ["--advertise-addr", address, "--listen-addr", `${address}:2377`];
    };
    const pool = ["--default-addr-pool", "10.98.0.0/16", "--default-addr-pool-mask-length", "24"];
    await this.docker(1, "swarm", "init", ...at(1), ...pool);
    const token = await this.docker(1, "swarm", "join-token", "-q", "manager");
    for (const machine of this.all.slice(1)) {
      const first = `${this.addressOf(1)}:2377`;
      await this.docker(machine, "swarm", "join", "--token", token, ...at(machine), first);
    }
    await this.docker(1, "network", "create", "-d", "overlay", "--attachable", this.network);
  }
}

/** A subnet that no other run is likely to have, as its first three numbers. */
function randomSubnet(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint8Array(2));
  return `10.${100 + high % 90}.${low}`;
}
