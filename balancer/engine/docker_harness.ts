/**
 * What the tests of the docker engine ask of the Docker Engine behind that engine's back, and the
 * engines that they test. Whatever a test makes carries labels of its own and is taken away again.
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

/** Where the tests look for an Engine. */
export const SOCKET = "/var/run/docker.sock";

/** The image that the tests run: `make build` makes it. */
export const IMAGE = "ringkeeper-replica";

/** An answer of the Engine. */
export interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- whatever the Engine says
  readonly body: any;
}

/** How the Engine is asked. */
export interface AskOptions {
  /** More header fields. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Another Engine than the machine's. */
  readonly socketPath?: string;
}

/**
 * Asks the Engine.
 *
 * @param method of the request
 * @param path with its query
 * @param body sent as JSON
 * @param options where, and what else is sent
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
  // Several objects, a line each, stay text: what a pull or a push tells of its progress.
  const isJson = /^\s*[{[]/.test(text) && !/\}\s*\n\s*\{/.test(text);
  return isJson ? JSON.parse(text) : text;
}

/**
 * Asks the Engine and insists on its consent.
 *
 * @param method of the request
 * @param path with its query
 * @param body sent as JSON
 * @param options where, and what else is sent
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

/** Whether a Docker Engine answers at the socket. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    return (await ask("GET", "/_ping")).status === 200;
  } catch (error) {
    // Nobody listens, or there is no socket; whatever else it is shall fail the tests.
    if (/^(ENOENT|ECONNREFUSED|EACCES)$/.test(String(Reflect.get(Object(error), "code")))) {
      return false;
    }
    throw error;
  }
}

/** Without an Engine there is nothing to test, unless `LB_TEST_DOCKER=required` insists. */
export const DOCKER_TESTS_IGNORED = !PERMITTED || Deno.env.get("LB_TEST_DOCKER") !== "required" &&
    !await dockerAnswers();

/** A name that no other run of the tests has. */
export function uniqueName(): string {
  return `test-${crypto.randomUUID().slice(0, 13)}`;
}

/** Settings of an engine with a fleet, names and a network of its own. */
export function uniqueOptions(): DockerEngineOptions {
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
 * An engine to test.
 *
 * @param changes to {@linkcode uniqueOptions}
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

/** An engine to test, and its settings. */
export interface DockerHarness extends Harness {
  readonly options: DockerEngineOptions;
  readonly engine: DockerEngine;
}

/** Removes what a fleet of the tests left. */
export async function sweep(
  { fleet, network }: Pick<DockerEngineOptions, "fleet" | "network">,
  at: AskOptions = {},
): Promise<void> {
  for (const id of await containersOf(fleet, at)) {
    await ask("DELETE", `/containers/${id}?force=1&v=1`, undefined, at);
  }
  await ask("DELETE", `/networks/${network}`, undefined, at);
  // The mark of a balancer that was killed.
  const filters = encodeURIComponent(JSON.stringify({ label: [`${FLEET_LABEL}=${fleet}`] }));
  const { body } = await ask("GET", `/volumes?filters=${filters}`, undefined, at);
  for (const { Name } of body?.Volumes ?? []) {
    await ask("DELETE", `/volumes/${Name}`, undefined, at);
  }
}

/**
 * Ids of all containers of a fleet, whatever their state.
 *
 * @param fleet value of the label
 * @param at which Engine
 */
export async function containersOf(fleet: string, at: AskOptions = {}): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${FLEET_LABEL}=${fleet}`] }));
  const found = await must("GET", `/containers/json?all=1&filters=${filters}`, undefined, at);
  return found.map(({ Id }: { Id: string }) => Id);
}

/**
 * Lends a test the replica's image with another entry point.
 *
 * @param entrypoint program and arguments
 * @param test given the image's name
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
    // By force: containers of a test that failed are swept up later.
    await must("DELETE", `/images/${image}?force=1`);
  }
}
