/**
 * The tasks of a fleet's services: how they end, and how they are ended. Containers on the machine
 * that is asked are reached through its Engine, those of other machines through Swarm alone.
 *
 * @module
 */
import { pause } from "./deadline.ts";
import type { DockerApi } from "./docker_api.ts";
import { endingOf } from "./docker_state.ts";
import { EngineError } from "./engine.ts";
import type { SwarmApi } from "./swarm_api.ts";
import type { SwarmSnapshot, TaskInfo } from "./swarm_objects.ts";
import { type Placed, placedServices, taskEnding } from "./swarm_reading.ts";

/** Dependencies of {@linkcode SwarmTasks}. */
interface TasksOptions {
  readonly api: SwarmApi;
  /** The Engine of the machine that is asked. */
  readonly local: DockerApi;
  /** Reads the fleet's services and tasks. */
  readonly read: () => Promise<SwarmSnapshot>;
  /** Time between SIGTERM and SIGKILL of a task that Swarm stops, in milliseconds. */
  readonly stopGraceMs: number;
}

/** States in which a task may have a running container. */
const HOLDING = new Set(["assigned", "accepted", "preparing", "ready", "starting", "running"]);

/** Longest wait for the end of a task that Swarm ends, beyond its grace, in milliseconds. */
const END_MS = 15_000;

/** Delay between two looks at a task that is ending, in milliseconds. */
const LOOK_MS = 50;

/** Calls about tasks. */
export class SwarmTasks {
  readonly #options: TasksOptions;

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Returns a service of the fleet with its task; undefined if there is none. */
  async find(id: string): Promise<Placed | undefined> {
    return placedServices(await this.#options.read()).find(({ service }) => service.ID === id);
  }

  /** Returns the container of a task on the machine that is asked; undefined on any other. */
  async localContainer({ task }: Placed): Promise<string | undefined> {
    const { api, local } = this.#options;
    const container = task?.Status.ContainerStatus?.ContainerID;
    if (!container || task.NodeID !== await api.nodeId()) return undefined;
    return await local.inspect(container) ? container : undefined;
  }

  /** Returns how a task ended; see `Engine.ending`. */
  async ending(id: string, withinMs: number): Promise<string | undefined> {
    const { local } = this.#options;
    const placed = await this.find(id);
    const container = placed && await this.localContainer(placed);
    if (container === undefined) return await this.#remoteEnding(id, withinMs);
    if (!await local.endsWithin(container, withinMs)) return undefined;
    const ended = await local.inspect(container);
    return ended && endingOf(ended.State);
  }

  /** Ends a container on the machine that is asked: SIGTERM, and SIGKILL after the grace. */
  async end(container: string, graceMs: number): Promise<void> {
    const { local } = this.#options;
    if (graceMs > 0 && await local.stopsWithin(container, graceMs)) return;
    await local.kill(container, [404, 409, 500]);
  }

  /**
   * Waits until the task of a removed service has ended.
   *
   * @throws {EngineError} it has not; its machine may not answer
   */
  async gone(id: string, graceMs: number): Promise<void> {
    const { read, stopGraceMs } = this.#options;
    const start = performance.now();
    const longest = END_MS + Math.max(graceMs, stopGraceMs);
    for (;;) {
      const { tasks, nodes } = await read();
      const isDown = ({ NodeID }: TaskInfo) =>
        nodes.some(({ ID, Status }) => ID === NodeID && Status.State === "down");
      const left = tasks.find((task) =>
        task.ServiceID === id && HOLDING.has(task.Status.State) && !isDown(task)
      );
      if (!left) return;
      if (performance.now() - start > longest) throw stillThere(left, longest);
      await pause(LOOK_MS);
    }
  }

  async #remoteEnding(id: string, withinMs: number): Promise<string | undefined> {
    const start = performance.now();
    for (;;) {
      const placed = await this.find(id);
      const ending = placed && taskEnding(placed);
      const late = performance.now() - start >= withinMs;
      if (!placed || ending !== undefined || late) return ending;
      await pause(LOOK_MS);
    }
  }
}

function stillThere({ ID, Status }: TaskInfo, ms: number): EngineError {
  return new EngineError(
    "failed",
    `swarm: the task ${ID} of a removed service is ${Status.State} after ${ms} ms; its machine may ` +
      "not answer",
  );
}
