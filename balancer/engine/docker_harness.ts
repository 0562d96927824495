/**
 * Direct calls to the Docker Engine for tests, and the engines under test. Everything that a test
 * creates carries its own labels and is removed.
 *
 * @module
 */
import { request } from "node:http";
import type { Harness } from "./conformance.ts";
import type { DockerEngineOptions } from "./docker.ts";
import { FLEET_LABEL } from "./docker_names.ts";
import { NO_FAILURES } from "./testing.ts";
import { PERMITTED, whenPermitted } from "../../tools/test/needs.ts";

const { DockerEngine } = await whenPermitted(() => import("./docker.ts"));
type DockerEngine = InstanceType<typeof DockerEngine>;

/** Socket of the tests' Engine. */
export const SOCKET = "/var/run/docker.sock";

/** Image of the tests; `make build` builds it. */
export const IMAGE = "ringkeeper-replica";

/** A response of the Engine. */
interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- whatever the Engine says
  readonly body: any;
}

/** Options of a call. */
interface AskOptions {
  /** Additional header fields. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Socket of another Engine. */
  readonly socketPath?: string;
}

/**
 * Makes a call to the Engine.
 *
 * @param method method of the request
 * @param path path with its query
 * @param body sent as JSON
 * @param options options of the call
 */
export function ask(
  method: string,
  path: string,
  body?: unknown,
  { fields = {}, socketPath = SOCKET }: AskOptions = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { "Content-Type": "application/json", Connection: "close", ...fields };
  const sent = request({ socketPath, method, path, headers, agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => text += chunk);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parse(text) }));
  });
  sent.on("error", reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

function parse(text: string): unknown {
  // A response with one object per line, such as the progress of a pull or a push, stays text.
  const isJson = /^\s*[{[]/.test(text) && !/\}\s*\n\s*\{/.test(text);
  return isJson ? JSON.parse(text) : text;
}

/**
 * Makes a call to the Engine and fails unless it succeeds.
 *
 * @param method method of the request
 * @param path path with its query
 * @param body sent as JSON
 * @param options options of the call
 */
export async function must(
  method: string,
  path: string,
  body?: unknown,
  options?: AskOptions,
): Promise<Answer["body"]> {
  const answer = await ask(method, path, body, options);
  if (answer.status < 400) return answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Reports whether a Docker Engine answers at the socket. */
async function dockerAnswers(): Promise<boolean> {
  try {
    return (await ask("GET", "/_ping")).status === 200;
  } catch (error) {
    // There is no socket, or no program listens on it. Any other error fails the tests.
    if (/^(ENOENT|ECONNREFUSED|EACCES)$/.test(String(Reflect.get(Object(error), "code")))) {
      return false;
    }
    throw error;
  }
}

/** True without an Engine; `LB_TEST_DOCKER=required` makes that an error. */
export const DOCKER_TESTS_IGNORED = !PERMITTED || Deno.env.get("LB_TEST_DOCKER") !== "required" &&
    !await dockerAnswers();

/** Returns a name that no other run of the tests uses. */
export function uniqueName(): string {
  return `test-${crypto.randomUUID().slice(0, 13)}`;
}

/** Returns options with a fleet, names and a network of their own. */
function uniqueOptions(): DockerEngineOptions {
  const fleet = uniqueName();
  return {
    ...{
      connection: { socketPath: SOCKET },
      fleet,
      prefix: `${fleet}-`,
      network: fleet,
      image: IMAGE,
    },
    ...{ port: 5000, env: {}, reach: "network", failures: NO_FAILURES },
    ...{ pull: "missing", pullTimeoutMs: 60_000, dockerConfig: "", onProgress: () => {} },
  };
}

/**
 * Creates an engine to test.
 *
 * @param changes changes of {@linkcode uniqueOptions}
 */
export function dockerHarness(changes: Partial<DockerEngineOptions> = {}): DockerHarness {
  const options = { ...uniqueOptions(), ...changes };
  const { connection } = options;
  const at = "socketPath" in connection ? { socketPath: connection.socketPath } : {};
  return {
    options,
    engine: new DockerEngine(options),
    kill: async ({ id }) => void await must("POST", `/containers/${id}/kill`, undefined, at),
    dispose: () => sweep(options, at),
  };
}

/** An engine to test, and its options. */
export interface DockerHarness extends Harness {
  readonly options: DockerEngineOptions;
  readonly engine: DockerEngine;
}

/** Removes everything that a fleet of the tests left. */
export async function sweep(
  { fleet, network }: Pick<DockerEngineOptions, "fleet" | "network">,
  at: AskOptions = {},
): Promise<void> {
  for (const id of await containersOf(fleet, at)) {
    await ask("DELETE", `/containers/${id}?force=1&v=1`, undefined, at);
  }
  await ask("DELETE", `/networks/${network}`, undefined, at);
  // Volumes of a balancer that was killed.
  const filters = encodeURIComponent(JSON.stringify({ label: [`${FLEET_LABEL}=${fleet}`] }));
  const { body } = await ask("GET", `/volumes?filters=${filters}`, undefined, at);
  for (const { Name } of body?.Volumes ?? []) {
    await ask("DELETE", `/volumes/${Name}`, undefined, at);
  }
}

/**
 * Returns the ids of a fleet's containers, in every state.
 *
 * @param fleet value of the label
 * @param at the Engine
 */
export async function containersOf(fleet: string, at: AskOptions = {}): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${FLEET_LABEL}=${fleet}`] }));
  const found = await must("GET", `/containers/json?all=1&filters=${filters}`, undefined, at);
  return found.map(({ Id }: { Id: string }) => Id);
}

/**
 * Runs a test with a copy of the replica's image that has another entry point.
 *
 * @param entrypoint program and arguments
 * @param test called with the name of the image
 */
export async function withImage(
  entrypoint: readonly string[],
  test: (image: string) => Promise<void>,
): Promise<void> {
  const image = uniqueName();
  const { Id } = await must("POST", "/containers/create", { Image: IMAGE });
  const changes = encodeURIComponent(`ENTRYPOINT ${JSON.stringify(entrypoint)}`);
  await must("POST", `/commit?container=${Id}&repo=${image}&changes=${changes}`);
  await must("DELETE", `/containers/${Id}`);
  try {
    await test(image);
  } finally {
    // Forced: containers of a failed test are removed later.
    await must("DELETE", `/images/${image}?force=1`);
  }
}
