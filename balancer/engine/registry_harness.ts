/**
 * A registry for tests: Debian's docker-registry on a loopback port, which the Engine accesses over
 * HTTP.
 *
 * @module
 */
import { request } from "node:http";
import { ask, must, SOCKET, uniqueName } from "./docker_harness.ts";
import { waitFor } from "./testing.ts";
import { PERMITTED } from "../../tools/test/needs.ts";

const REGISTRY = "docker-registry";

/** User and password of a registry with authentication. */
const USER = "tester";
const PASSWORD = "s:cret";

/** True if the program is missing; `LB_TEST_DOCKER=required` makes that an error. */
export const REGISTRY_TESTS_IGNORED = !PERMITTED || Deno.env.get("LB_TEST_DOCKER") !== "required" &&
    !await isInstalled();

async function isInstalled(): Promise<boolean> {
  try {
    return (await new Deno.Command(REGISTRY, { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A running registry. */
export class Registry implements AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** Folder that is removed with the registry. */
  readonly folder: string;
  readonly #process: Deno.ChildProcess;
  readonly #images: string[] = [];

  private constructor(host: string, folder: string, process: Deno.ChildProcess) {
    this.host = host;
    this.folder = folder;
    this.#process = process;
  }

  /**
   * Starts a registry.
   *
   * @param access `password` requires {@linkcode USER} and {@linkcode PASSWORD}
   */
  static async start(access: "open" | "password"): Promise<Registry> {
    const folder = await Deno.makeTempDir();
    const host = `127.0.0.1:${freePort()}`;
    await Deno.writeTextFile(`${folder}/config.yml`, await configOf(host, folder, access));
    const process = new Deno.Command(REGISTRY, {
      args: ["serve", `${folder}/config.yml`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await waitFor("the registry", () => answers(host));
    return new Registry(host, folder, process);
  }

  /**
   * Pushes an image with a single file, and removes it from the host.
   *
   * @param text content of the file, which makes the image unique
   * @param name name of the image
   * @returns its reference and its id
   */
  async put(text: string, name: string = uniqueName()): Promise<{ reference: string; id: string }> {
    const repository = `${this.host}/${name}`;
    const reference = `${repository}:1`;
    const id = await importImage(reference, text);
    const auth = btoa(JSON.stringify({ username: USER, password: PASSWORD }));
    const pushed = await must("POST", `/images/${repository}/push?tag=1`, undefined, {
      fields: { "X-Registry-Auth": auth },
    });
    if (/"error"/.test(String(pushed))) throw new Error(String(pushed));
    await must("DELETE", `/images/${reference}?force=1`);
    this.#images.push(id);
    return { reference, id };
  }

  /**
   * Writes a Docker client configuration file, as `docker login` does.
   *
   * @param config changes of its content
   * @returns its path
   */
  async login(config: Record<string, unknown> = {}): Promise<string> {
    const path = `${this.folder}/config.json`;
    const auths = { [this.host]: { auth: btoa(`${USER}:${PASSWORD}`) } };
    await Deno.writeTextFile(path, JSON.stringify({ auths, ...config }));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#images) await ask("DELETE", `/images/${id}?force=1`);
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function configOf(host: string, folder: string, access: string): Promise<string> {
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: `${folder}/data` } },
    http: { addr: host },
  };
  if (access === "open") return JSON.stringify(config);
  const args = ["-Bbn", USER, PASSWORD];
  const { stdout } = await new Deno.Command("htpasswd", { args }).output();
  await Deno.writeFile(`${folder}/htpasswd`, stdout);
  const htpasswd = { realm: "tests", path: `${folder}/htpasswd` };
  return JSON.stringify({ ...config, auth: { htpasswd } });
}

/** Returns a port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function answers(host: string): Promise<boolean> {
  try {
    await (await fetch(`http://${host}/v2/`)).body?.cancel();
    return true;
  } catch (error) {
    // The registry does not listen yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Imports an image with one file on the host (`POST /images/create?fromSrc=-`). */
async function importImage(reference: string, text: string): Promise<string> {
  const colon = reference.lastIndexOf(":");
  const [repo, tag] = [reference.slice(0, colon), reference.slice(colon + 1)];
  const path = `/images/create?fromSrc=-&repo=${encodeURIComponent(repo)}&tag=${tag}`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sent = request({ socketPath: SOCKET, method: "POST", path, agent: false }, (response) => {
    response.on("end", resolve).resume();
  });
  sent.on("error", reject);
  sent.end(tarOf("text", new TextEncoder().encode(text)));
  await promise;
  return (await must("GET", `/images/${reference}/json`)).Id;
}

/** Creates a tar archive of one file (POSIX.1-1988, "ustar"). */
function tarOf(name: string, content: Uint8Array): Uint8Array {
  const BLOCK = 512;
  const size = Math.ceil(content.length / BLOCK) * BLOCK;
  const tar = new Uint8Array(BLOCK + size + 2 * BLOCK);
  const write = (at: number, text: string) => tar.set(new TextEncoder().encode(text), at);
  write(0, name);
  write(100, "0000644\0");
  write(108, "0000000\0");
  write(116, "0000000\0");
  write(124, `${content.length.toString(8).padStart(11, "0")}\0`);
  write(136, "00000000000\0");
  write(148, "        ");
  write(156, "0");
  write(257, "ustar\x0000");
  const sum = tar.subarray(0, BLOCK).reduce((all, byte) => all + byte, 0);
  write(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  tar.set(content, BLOCK);
  return tar;
}
