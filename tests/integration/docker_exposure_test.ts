import { assert, assertEquals } from "@std/assert";
import { ask, must } from "../../balancer/engine/docker_harness.ts";
import { waitFor } from "../../balancer/engine/testing.ts";
import { run } from "../../tools/command.ts";
import { composeArgs, findCompose } from "../../tools/docker/compose.ts";
import { fileIn } from "../../tools/docker/project.ts";
import { buildImages } from "../../tools/docker/images.ts";
import { ROOT } from "../../tools/project.ts";
import { type DockerFleet, dockerTest } from "./harness/docker_fleet.ts";

const SOCKET_FOLDER = "/var/run";

/** Longest wait for one step, in milliseconds. */
const STEP_MS = 600_000;

/** A balancer as compose.yaml has it, under names and ports that no other run has. */
class ComposedBalancer implements AsyncDisposable {
  private constructor(
    readonly container: string,
    readonly service: string,
    readonly api: string,
    readonly down: () => Promise<void>,
  ) {}

  static async up(fleet: DockerFleet): Promise<ComposedBalancer> {
    await buildImages(() => {});
    const compose = await findCompose();
    assert(compose, "there is an Engine, but no compose");
    const [port, admin] = [freePort(), freePort()];
    const { gid } = await Deno.stat(`${SOCKET_FOLDER}/docker.sock`);
    const env = {
      FRONT_NETWORK: fleet.name,
      LB_DOCKER_NETWORK: `${fleet.name}-back`,
      LB_FLEET: fleet.name,
      LB_CONTAINER_PREFIX: `${fleet.name}-`,
      LB_PORT: String(port),
      ADMIN_PUBLISH: `127.0.0.1:${admin}`,
      DOCKER_SOCKET_FOLDER: SOCKET_FOLDER,
      DOCKER_SOCKET_GROUP: String(gid ?? 0),
    };
    const call = async (...args: string[]) => {
      const words = composeArgs(compose, fleet.name, ...args);
      const command = new Deno.Command(compose[0], { args: words, cwd: ROOT, env });
      const { success, stderr } = await command.output();
      assert(success, new TextDecoder().decode(stderr));
    };
    const down = () => call("down", "-v", "-t", "30");
    try {
      await call("up", "-d", "--no-build", "balancer");
      return await ComposedBalancer.#of(fleet, port, admin, down);
    } catch (error) {
      await down();
      throw error;
    }
  }

  /** The balancer of a fleet, once its replicas are ready. */
  static async #of(
    fleet: DockerFleet,
    port: number,
    admin: number,
    down: () => Promise<void>,
  ): Promise<ComposedBalancer> {
    const filters = { label: [`com.docker.compose.project=${fleet.name}`] };
    const [{ Id }] = await must("GET", `/containers/json?filters=${encoded(filters)}`);
    const [service, api] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${admin}`];
    const balancer = new ComposedBalancer(Id, service, api, down);
    await waitFor("three replicas", async () => (await balancer.ready()) === 3, STEP_MS);
    return balancer;
  }

  /** The token that it made beside its state. */
  async token(): Promise<string> {
    const text = await fileIn(this.container, "/state/fleet.json.admin-token");
    return (text ?? "").trim();
  }

  async ready(): Promise<number | undefined> {
    try {
      const response = await fetch(`${this.api}/_lb/healthz`);
      return (await response.json()).ready;
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function encoded(value: unknown): string {
  return encodeURIComponent(JSON.stringify(value));
}

/** The shell's lines of the README's section that uses a balancer, without those of other commands. */
async function linesOfReadme(): Promise<string> {
  const text = await Deno.readTextFile(new URL("README.md", ROOT));
  const section = /\n## Use\n([^]*?)\n## /.exec(text)?.[1] ?? "";
  const blocks = [...section.matchAll(/```sh(?: run)?\n([^]*?)```/g)].map(([, block]) => block);
  return blocks.join("").split("\n").filter((line) => !line.startsWith("./")).join("\n");
}

/** As a person types them, but silent, and with the status of each on standard error. */
const CURL = `curl() {
  case "$*" in */_lb/events*) limit=2 ;; *) limit=300 ;; esac
  command curl -sS -m "$limit" -w '%{stderr}STATUS %{http_code} %{url_effective}\\n' "$@"
}
`;

/** A request, as curl makes it of a line. */
interface Call {
  readonly method: string;
  readonly port: string;
  readonly path: string;
  readonly body?: string;
}

function callsOf(lines: string): Call[] {
  return lines.split("\n").flatMap((line) => {
    const [, port = "", path = ""] = /localhost:(500[01])([^\s']*)/.exec(line) ?? [];
    if (path === "") return [];
    const body = /-d ['"](.*)['"]/.exec(line)?.[1];
    const method = /-X (\w+)/.exec(line)?.[1] ?? (body === undefined ? "GET" : "POST");
    return [{ method, port, path, ...(body === undefined ? {} : { body }) }];
  });
}

/** Runs in a replica's container, which has Deno and no shell. */
const ASK_ALL = `
const { calls, hosts, headers, limitMs = 60_000 } = JSON.parse(Deno.args[0]);
const found = [];
for (const { method, port, path, body } of calls) for (const host of hosts) {
  const signal = AbortSignal.timeout(limitMs);
  const answer = await fetch("http://" + host + ":" + port + path, { method, body, headers, signal })
    .then(({ status, body }) => (body?.cancel(), status), () => "no answer");
  found.push([method + " " + host + ":" + port + path, answer]);
}
console.log(JSON.stringify(found));
Deno.exit(0);`;

async function askFrom(
  container: string,
  asked: {
    readonly calls: readonly Call[];
    readonly hosts: string[];
    readonly headers?: Record<string, string>;
    /** Longest wait for an answer, in milliseconds. */
    readonly limitMs?: number;
  },
): Promise<[string, number | "no answer"][]> {
  const args = ["exec", container, "deno", "eval", "--quiet", ASK_ALL, JSON.stringify(asked)];
  const { code, stdout, stderr } = await run("docker", args, { timeoutMs: STEP_MS });
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}

dockerTest(
  "the README's lines work from this machine, and from a replica's container none of the API does",
  async (fleet) => {
    const back = `${fleet.name}-back`;
    try {
      await using balancer = await ComposedBalancer.up(fleet);
      const readme = await linesOfReadme();
      const calls = callsOf(readme);
      assertEquals(calls.length, readme.match(/\bcurl /g)?.length, readme);

      const [replica = ""] = await fleet.containers();
      const { NetworkSettings } = await must("GET", `/containers/${balancer.container}/json`);
      const front = NetworkSettings.Networks[fleet.name].IPAddress;
      const { IPAddress: own, Gateway: gateway } = NetworkSettings.Networks[back];
      const api = calls.filter(({ path }) => path !== "/home");
      for (
        const [call, answer] of await askFrom(replica, { calls: api, hosts: ["balancer", own] })
      ) {
        assert(answer === 401 || answer === 403, `${call}: ${answer}`);
      }
      // No other address of it, nor of the machine, lets a replica in either.
      const others = { calls: api.slice(0, 4), hosts: [front, gateway], limitMs: 2000 };
      for (const [call, answer] of await askFrom(replica, others)) {
        assert(answer === "no answer" || answer === 401 || answer === 403, `${call}: ${answer}`);
      }
      const changes = api.filter(({ method }) => method !== "GET");
      const headers = { authorization: `Bearer ${await balancer.token()}` };
      for (
        const [call, answer] of await askFrom(replica, { calls: changes, hosts: [own], headers })
      ) {
        assertEquals(answer, 403, call);
      }
      const home = { calls: calls.filter(({ path }) => path === "/home"), hosts: [own] };
      assertEquals((await askFrom(replica, home)).map(([, answer]) => answer), [200]);

      const file = await Deno.makeTempFile();
      await Deno.writeTextFile(file, await balancer.token());
      const script = CURL + readme
        .replaceAll("localhost:5000", balancer.service.slice("http://".length))
        .replaceAll("localhost:5001", balancer.api.slice("http://".length))
        .replace(/\.run\/state\/\S+\.admin-token/, file);
      const { stdout, stderr } = await run("sh", ["-c", script], { timeoutMs: STEP_MS });
      await Deno.remove(file);
      const statuses = [...stderr.matchAll(/^STATUS (\d+) (.*)$/gm)];
      assertEquals(statuses.length, calls.length, stderr);
      for (const [, status, url] of statuses) assertEquals(status, "200", `${url}\n${stdout}`);
      assert(stdout.includes('data: {"step":"done"}'), stdout);
      assertEquals(await balancer.ready(), 4);
    } finally {
      for (const name of [fleet.name, back]) await ask("DELETE", `/networks/${name}`);
    }
  },
);
