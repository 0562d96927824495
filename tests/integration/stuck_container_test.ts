import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { waitFor } from "../../balancer/engine/testing.ts";
import { run } from "../../tools/command.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { buildImages } from "../../tools/docker/images.ts";
import { OWN_ENGINE_TESTS_IGNORED, OwnEngine } from "./harness/own_engine.ts";

const FLEET = "stuck";

/** Longest wait for one step, in milliseconds. */
const STEP_MS = 60_000;

interface Status {
  readonly ready: number;
  readonly replicas: readonly { readonly name: string; readonly instance: string | null }[];
  readonly removals: readonly { readonly instance: string; readonly error: string | null }[];
}

/** A balancer in the network of an Engine, asked from there. */
class BalancerInNetwork implements AsyncDisposable {
  readonly #engine: OwnEngine;
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<string>;

  private constructor(engine: OwnEngine, process: Deno.ChildProcess) {
    this.#engine = engine;
    this.#process = process;
    this.#output = new Response(process.stdout).text();
  }

  static async start(engine: OwnEngine): Promise<BalancerInNetwork> {
    const [program = "", ...launcher] = engine.launcher;
    const process = new Deno.Command(program, {
      args: [...launcher, Deno.execPath(), ...await balancerArgs()],
      cwd: new URL("../../", import.meta.url),
      env: {
        ...{ LB_ENGINE: "docker", LB_FLEET: FLEET, LB_DOCKER_NETWORK: FLEET, LB_REPLICAS: "2" },
        ...{ LB_DOCKER_HOST: `unix://${engine.socketFolder}/docker.sock`, LB_LOG_FORMAT: "json" },
        ...{ LB_PORT: "5000", LB_PUBLIC_API: "all", LB_ADMIN_OPEN: "true", LB_MIN_READY_MS: "50" },
      },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new BalancerInNetwork(engine, process);
  }

  async call(method: string, path: string, body?: unknown): Promise<[code: string, body: string]> {
    const data = body === undefined ? [] : ["-d", JSON.stringify(body)];
    const url = `http://127.0.0.1:5000${path}`;
    const args = ["-s", "-m", "60", "-w", "\n%{http_code}", "-X", method, ...data, url];
    const { stdout } = await this.#engine.inNetwork("curl", ...args);
    const at = stdout.lastIndexOf("\n");
    return [stdout.slice(at + 1), stdout.slice(0, at)];
  }

  /** Waits for a status that fulfils a condition. */
  async until(what: string, isSo: (status: Status) => boolean): Promise<Status> {
    let status: Status | undefined;
    await waitFor(what, async () => {
      const [code, body] = await this.call("GET", "/_lb/status");
      if (code === "200") status = JSON.parse(body);
      return status !== undefined && isSo(status);
    }, STEP_MS);
    return status!;
  }

  /** Ends the balancer by SIGTERM. */
  async end(): Promise<string> {
    try {
      this.#process.kill("SIGTERM");
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
    return await this.#output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** A folder in which no file can be made, changed or removed. */
class ImmutableFolder implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async of(path: string): Promise<ImmutableFolder> {
    const { code, stderr } = await run("chattr", ["+i", path]);
    if (code !== 0) throw new Error(`chattr +i ${path}: ${stderr}`);
    return new ImmutableFolder(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("chattr", ["-i", this.#path]);
  }
}

Deno.test({
  name:
    "a container that the Engine cannot remove blocks neither /rm, /add, deploys nor the end, " +
    "and its name starts again",
  ignore: OWN_ENGINE_TESTS_IGNORED,
  fn: async () => {
    await buildImages(() => {});
    await using engine = await OwnEngine.start();
    await engine.load("ringkeeper-replica");
    await using balancer = await BalancerInNetwork.start(engine);
    const { replicas } = await balancer.until("the first replicas", ({ ready }) => ready === 2);
    const stuck = replicas.find(({ name }) => name === "Server2")?.instance ?? "";
    await using _folder = await ImmutableFolder.of(engine.containerFolder(stuck));

    const change = { n: 1, hostnames: ["Server2"] };
    assertEquals((await balancer.call("DELETE", "/rm", change))[0], "200");
    const { removals } = await balancer.until(
      "the removal in the status",
      ({ removals }) =>
        removals.some(({ instance, error }) => instance === stuck && error !== null),
    );
    assertStringIncludes(removals[0]?.error ?? "", "not permitted");

    assertEquals((await balancer.call("POST", "/add", change))[0], "200");
    await balancer.until(
      "the replica of the same name",
      (status) => status.ready === 2 && status.replicas.some(({ name }) => name === "Server2"),
    );
    const deploy = { options: { labels: { release: "2" } } };
    const [code, steps] = await balancer.call("POST", "/_lb/deploy", deploy);
    assertEquals([code, steps.includes('"step":"done"')], ["200", true], steps);

    const begunAt = performance.now();
    const log = await balancer.end();
    assert(performance.now() - begunAt < 120_000, log);
    assertEquals(await engine.must("ps", "-aq", "--no-trunc"), stuck);
    assertStringIncludes(log, stuck);
  },
});
