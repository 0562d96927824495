/**
 * Pebble, a test authority for ACME, and the DNS server that it asks.
 *
 * @module
 */
import { PERMITTED, systemTest } from "../../tools/test/needs.ts";
import { makePair } from "./certificates.ts";
import { freePort } from "./free_port.ts";

/** Whether pebble and its DNS server are installed; both are in one package. */
const INSTALLED = PERMITTED && (await new Deno.Command("sh", {
  args: ["-c", "command -v pebble && command -v pebble-challtestsrv"],
  stdout: "null",
  stderr: "null",
}).output()).success;

/** Without pebble there is nothing to test, unless `LB_TEST_ACME=required` insists. */
const IGNORED = !INSTALLED && (!PERMITTED || Deno.env.get("LB_TEST_ACME") !== "required");

/**
 * A test with an authority.
 *
 * @param name the name of the test, a sentence
 * @param fn the test
 */
export function acmeTest(name: string, fn: () => Promise<void>): void {
  const why = IGNORED && PERMITTED ? " (pebble is not installed)" : "";
  systemTest({ name: name + why, ignore: IGNORED, fn });
}

/** Settings of an authority. */
interface PebbleOptions {
  /** The port at which it proves names by HTTP-01. */
  readonly httpPort: number;
  /** Percentage of good nonces that it refuses; 0 unless it is given. */
  readonly badNonces?: number;
  /** Validity of its certificates, in seconds. */
  readonly validityS?: number;
  /** Further settings of its file. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** Longest time that it takes to prove a name, in seconds; none unless it is given. */
  readonly proofS?: string;
}

/** Ports of an authority. */
interface Ports {
  /** Of its directory. */
  readonly own: number;
  readonly management: number;
  readonly names: number;
  readonly namesManagement: number;
}

/** An authority. */
export class Pebble implements AsyncDisposable {
  readonly folder: string;
  readonly #ports: Ports;
  readonly #options: PebbleOptions;
  #processes: Deno.ChildProcess[] = [];
  #log = "";

  private constructor(folder: string, ports: Ports, options: PebbleOptions) {
    this.folder = folder;
    this.#ports = ports;
    this.#options = options;
  }

  /** Prepares an authority that does not run yet. */
  static async prepare(options: PebbleOptions): Promise<Pebble> {
    const folder = await Deno.makeTempDir({ prefix: "pebble-", dir: "/tmp" });
    const signer = await makePair(folder, "ca", { authority: true, names: ["ca.test"] });
    await makePair(folder, "server", { names: ["localhost", "IP:127.0.0.1"], signer });
    const ports = {
      own: freePort(),
      management: freePort(),
      names: freePort(),
      namesManagement: freePort(),
    };
    await Deno.writeTextFile(
      `${folder}/pebble.json`,
      JSON.stringify({ pebble: configOf(folder, ports, options) }),
    );
    return new Pebble(folder, ports, options);
  }

  /** Starts an authority and waits until it answers. Every name leads to this machine. */
  static async start(options: PebbleOptions): Promise<Pebble> {
    const pebble = await Pebble.prepare(options);
    await pebble.run();
    return pebble;
  }

  /** Starts it, and waits until it answers. */
  async run(): Promise<void> {
    const { names, namesManagement } = this.#ports;
    const { badNonces = 0, proofS } = this.#options;
    this.#processes = [
      run("pebble-challtestsrv", [
        ...["-dns01", `127.0.0.1:${names}`, "-management", `127.0.0.1:${namesManagement}`],
        ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""],
      ]),
      run("pebble", [
        ...["-config", `${this.folder}/pebble.json`, "-dnsserver", `127.0.0.1:${names}`, "-strict"],
      ], {
        ...(proofS === undefined ? { PEBBLE_VA_NOSLEEP: "1" } : { PEBBLE_VA_SLEEPTIME: proofS }),
        PEBBLE_AUTHZREUSE: "0",
        PEBBLE_WFE_NONCEREJECT: String(badNonces),
      }),
    ];
    for (const one of this.#processes) void this.#collect(one);
    await this.#untilReady();
  }

  /** Number of calls of a path of the authority so far, such as `order-plz` for new orders. */
  calls(path: string): number {
    return this.#log.split(`POST /${path} `).length - 1;
  }

  /** The settings of a balancer that uses it. */
  get env(): Record<string, string> {
    return {
      LB_ACME_DIRECTORY: `https://127.0.0.1:${this.#ports.own}/dir`,
      LB_ACME_CA: this.ca,
    };
  }

  /** File of the authority that signs the one of the directory itself. */
  get ca(): string {
    return `${this.folder}/ca.pem`;
  }

  /** Writes the root of the certificates to a file, and returns its path. */
  async root(): Promise<string> {
    const path = `${this.folder}/root.pem`;
    const pem = await this.#manage("roots/0");
    if (!pem) throw new Error("pebble has no root");
    await Deno.writeTextFile(path, pem);
    return path;
  }

  /** Has a name lead to another address, so that its proof fails; an empty one to this machine. */
  async lead(host: string, address: string): Promise<void> {
    const [path, body] = address === ""
      ? ["clear-a", { host }]
      : ["add-a", { host, addresses: [address] }];
    const url = `http://127.0.0.1:${this.#ports.namesManagement}/${path}`;
    await (await fetch(url, { method: "POST", body: JSON.stringify(body) })).body?.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#processes) {
      try {
        one.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      await one.status;
    }
    await Deno.remove(this.folder, { recursive: true });
  }

  async #collect({ stdout }: Deno.ChildProcess): Promise<void> {
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) this.#log += text;
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (await this.#manage("roots/0") === undefined || !await this.#namesAnswer()) {
      if (Date.now() > deadline) throw new Error("pebble does not answer");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #namesAnswer(): Promise<boolean> {
    try {
      await this.lead("ready.test", "");
      return true;
    } catch {
      return false;
    }
  }

  /** @returns the answer of the management port; undefined if there is none */
  async #manage(path: string): Promise<string | undefined> {
    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(this.ca)] });
    try {
      const url = `https://127.0.0.1:${this.#ports.management}/${path}`;
      return await (await fetch(url, { client })).text();
    } catch {
      return undefined;
    }
  }
}

function configOf(
  folder: string,
  { own, management }: Ports,
  { httpPort, validityS, more }: PebbleOptions,
) {
  return {
    listenAddress: `127.0.0.1:${own}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: `${folder}/server.pem`,
    privateKey: `${folder}/server.key`,
    httpPort,
    tlsPort: 1,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    ...(validityS !== undefined && { certificateValidityPeriod: validityS }),
    ...more,
  };
}

function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}
