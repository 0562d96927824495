/**
 * Helpers of the engines' tests: waits, listeners, checks from outside.
 *
 * @module
 */
import { HEARTBEAT_PATH } from "../../replica/contract.ts";
import type { FailureLog } from "../failures.ts";
import type { Address, UpstreamAddress } from "../view.ts";
import type { Engine, EngineEvent, Instance, Launch } from "./engine.ts";

const DEADLINE_MS = 120_000;
const INTERVAL_MS = 5;

/** Fails the test when a failure is recorded. */
export const NO_FAILURES: FailureLog = {
  record(action, error) {
    throw new Error(`${action} failed in the background`, { cause: error });
  },
};

/**
 * Polls until a condition holds.
 *
 * @param what completes "waited in vain for ..."
 * @param isSo the condition
 * @param deadlineMs longest wait, in milliseconds
 * @throws {Error} the condition did not hold in time
 */
export async function waitFor(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}

/**
 * Reports whether an address accepts connections. The address of a removed container does not even
 * refuse: the kernel gives up after three seconds.
 *
 * @param address address to connect to
 */
export async function accepts(address: UpstreamAddress): Promise<boolean> {
  try {
    const { hostname, port } = tcpOf(address);
    using _ = await Deno.connect({ hostname, port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Error && Reflect.get(error, "code") === "EHOSTUNREACH") return false;
    throw error;
  }
}

/**
 * Reports whether a replica answers heartbeats.
 *
 * @param address address of the replica
 */
export async function beats(address: UpstreamAddress): Promise<boolean> {
  const { hostname, port } = tcpOf(address);
  try {
    const response = await fetch(`http://${hostname}:${port}${HEARTBEAT_PATH}`);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // The replica does not listen yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/**
 * Returns the TCP address of an instance.
 *
 * @throws {TypeError} the instance listens on a Unix socket
 */
export function tcpOf(address: UpstreamAddress): Address {
  if ("path" in address) throw new TypeError(`${address.path} is no TCP address`);
  return address;
}

type Exit = Extract<EngineEvent, { type: "exit" }>;

/** Events of an engine so far, and a wait for more. */
interface Heard {
  readonly events: readonly EngineEvent[];
  readonly exitOf: (id: string) => Promise<Exit>;
  readonly close: () => void;
}

/**
 * Watches an engine and records its events.
 *
 * @param engine the engine
 */
export async function listen(engine: Engine): Promise<Heard> {
  const events: EngineEvent[] = [];
  const watch = await engine.watch((event) => void events.push(event));
  const find = (id: string) => events.find((event) => event.type === "exit" && event.id === id);
  const exitOf = async (id: string) => {
    await waitFor(`the exit of ${id}`, () => find(id) !== undefined);
    return find(id) as Exit;
  };
  return { events, exitOf, close: () => watch.close() };
}

/** An engine to test, with the operations that its interface does not offer. */
export interface Harness {
  readonly engine: Engine;
  /** Kills an instance without the engine. */
  readonly kill: (instance: Instance) => Promise<void> | void;
  /** Removes everything that is left, also after a failure. Called after the engine is closed. */
  readonly dispose?: () => Promise<void>;
}

/**
 * Returns a launch.
 *
 * @param name the replica's name
 * @param rest other fields of the launch
 */
export function launch(name: string, rest: Partial<Launch> = {}): Launch {
  return { name, spare: false, template: {}, ...rest };
}
