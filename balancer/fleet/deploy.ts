/**
 * A rolling deploy: every replica, one after the other, gets an instance of another template. The
 * new one is ready before the old one drains; names, slots and ring stay as they are.
 *
 * @module
 */
import type { DeployStep } from "../answers/event.ts";
import type { Engine, Template } from "../engine/engine.ts";
import { errorMessage } from "../failures.ts";
import type { Fleet } from "./fleet.ts";
import { describeError, inRing, isHeard, type Member } from "./member.ts";
import { isSettled } from "./succession.ts";
import { successorName } from "./successors.ts";
import type { Turns } from "./turns.ts";

/** What a {@linkcode Deploys} is made of. */
export interface DeployOptions {
  readonly fleet: Fleet;
  readonly engine: Pick<Engine, "kind" | "ownsInstances">;
  readonly turns: Turns;
  readonly now: () => number;
}

/** A deploy that this engine cannot make. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** A new instance did not become ready, or did not stay it. */
class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

/** Makes deploys, one at a time. */
export class Deploys {
  readonly #options: DeployOptions;

  constructor(options: DeployOptions) {
    this.#options = options;
  }

  /** What new instances run, where a deploy made that differ from the settings. */
  get template(): Template {
    return this.#options.fleet.template;
  }

  /**
   * Looks whether the engine can run a template.
   *
   * @throws {DeployError} it cannot
   */
  check({ image }: Template): void {
    const { kind, ownsInstances } = this.#options.engine;
    if (!ownsInstances) {
      throw new DeployError("with LB_ENGINE=static somebody else runs the replicas");
    }
    if (kind === "process" && image !== undefined) {
      throw new DeployError("image: LB_ENGINE=process runs commands; deploy a command instead");
    }
  }

  /**
   * Replaces every replica, or, where one does not become and stay ready, none.
   *
   * @param template what the new instances run
   * @param onStep told of each step
   * @param minReadyMs how long each new instance has to stay ready before the next replica's turn
   * comes; 0: not at all
   * @returns the last step: `done` or `rolled-back`
   */
  run(
    template: Template,
    onStep: (step: DeployStep) => void,
    minReadyMs = this.#options.fleet.policy.minReadyMs,
  ): Promise<DeployStep> {
    const tell = (step: DeployStep) => {
      this.#options.fleet.journal.add({ type: "deploy", at: this.#options.now(), ...step });
      onStep(step);
    };
    return this.#options.turns.take(() => this.#run(template, minReadyMs, tell));
  }

  async #run(
    template: Template,
    minReadyMs: number,
    tell: (step: DeployStep) => void,
  ): Promise<DeployStep> {
    const { fleet } = this.#options;
    const before = new Map(fleet.members.filter(inRing).map((member) => [member.name, member]));
    const replaced: Member[] = [];
    for (const member of before.values()) {
      try {
        await this.#replace(member.name, template, tell);
        replaced.push(member);
        await this.#watch(member.name, minReadyMs, tell);
      } catch (error) {
        return await this.#rollBack(replaced, member.name, errorMessage(error), tell);
      }
    }
    fleet.adoptTemplate(template);
    await fleet.saved();
    return last({ step: "done" }, tell);
  }

  async #replace(
    name: string,
    template: Template,
    tell: (step: DeployStep) => void,
  ): Promise<void> {
    const { fleet } = this.#options;
    tell({ step: "starting", name });
    fleet.successors.prepare(name, template);
    try {
      await fleet.until((members) => isReady(members, name));
    } catch (error) {
      await fleet.successors.giveUp(name);
      throw error;
    }
    fleet.successors.succeed(name);
    tell({ step: "draining", name });
    await fleet.until((members) => (members.get(name)?.former.length ?? 0) === 0);
    tell({ step: "replaced", name });
  }

  /** Waits until a new instance, which serves by now, has stayed ready for long enough. */
  async #watch(
    name: string,
    minReadyMs: number,
    tell: (step: DeployStep) => void,
  ): Promise<void> {
    if (minReadyMs === 0) return;
    const { fleet } = this.#options;
    const { clock } = fleet;
    tell({ step: "watching", name, forMs: minReadyMs });
    const until = clock.now() + minReadyMs;
    const cancel = clock.after(minReadyMs, () => fleet.review());
    const id = fleet.members.find((member) => member.name === name)?.instance?.id;
    try {
      await fleet.until((members) => {
        checkSteady(name, id, members.get(name), minReadyMs);
        return clock.now() >= until;
      });
    } finally {
      cancel();
    }
  }

  async #rollBack(
    replaced: readonly Member[],
    name: string,
    reason: string,
    tell: (step: DeployStep) => void,
  ): Promise<DeployStep> {
    tell({ step: "rolling-back", name, reason });
    for (const { name, template } of replaced.toReversed()) {
      try {
        await this.#replace(name, template, tell);
      } catch (error) {
        tell({ step: "not-rolled-back", name, reason: errorMessage(error) });
      }
    }
    return last({ step: "rolled-back", name, reason }, tell);
  }
}

function last(step: DeployStep, tell: (step: DeployStep) => void): DeployStep {
  tell(step);
  return step;
}

/** Throws where waiting for the successor would be in vain: it failed once. */
function isReady(members: ReadonlyMap<string, Member>, name: string): boolean {
  const [target, successor] = [members.get(name), members.get(successorName(name))];
  const error = successor?.lastError;
  if (!successor) throw new NotReadyError(`${name}: its new instance was taken away`);
  if (error && isHeard(successor)) {
    throw new NotReadyError(`${name} did not become ready: ${describeError(error)}`);
  }
  return successor.phase === "ready" && target !== undefined && isSettled(target);
}

/** Throws where the new instance of a replica failed; how it ended is waited for. */
function checkSteady(
  name: string,
  id: string | undefined,
  member: Member | undefined,
  minReadyMs: number,
): void {
  if (!member) throw new NotReadyError(`${name}: it was removed`);
  if (id !== undefined && member.instance?.id === id && member.phase === "ready") return;
  if (!isHeard(member)) return;
  const why = member.lastError ? describeError(member.lastError) : "it was replaced";
  throw new NotReadyError(`${name} did not stay ready for ${minReadyMs} ms: ${why}`);
}
