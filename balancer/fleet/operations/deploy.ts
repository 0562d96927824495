/**
 * A rolling deploy: every replica, one after the other, gets an instance of another template. The
 * new one is ready before the old one drains; names, slots and ring stay as they are.
 *
 * @module
 */
import type { DeployStep } from "../../answers/event.ts";
import { type Engine, EngineError, type Template } from "../../engine/engine.ts";
import { needsIdentity, type ReplicaOptions } from "../../engine/replica_options.ts";
import { errorMessage } from "../../failures.ts";
import type { Fleet } from "../fleet.ts";
import { describeError, inRing, isOutputCollected, type Member } from "../member/member.ts";
import { isSettled } from "../member/takeover.ts";
import { successorName } from "../reconcile/rollout.ts";
import { isUnpinned, sameTemplate } from "../spec/template.ts";
import type { ChangeLock } from "./change_lock.ts";

/** What a {@linkcode Deploys} is made of. */
export interface DeployOptions {
  readonly fleet: Fleet;
  readonly engine: Pick<Engine, "kind" | "ownsInstances" | "pin">;
  readonly changeLock: ChangeLock;
  readonly now: () => number;
}

/**
 * What a deploy is to change. A field that is missing stays as it is; null goes back to what the
 * settings say.
 */
export interface DeployRequest {
  readonly image?: string;
  readonly command?: string | null;
  readonly options?: ReplicaOptions | null;
}

/** A deploy that does not begin. */
export class DeployError extends Error {
  override readonly name = "DeployError";

  /**
   * @param message why
   * @param kind whether this engine cannot make it, or its state could not be saved
   */
  constructor(message: string, readonly kind: "unsupported" | "not-saved" = "unsupported") {
    super(message);
  }
}

/** A new instance did not become ready, or did not stay ready. */
class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

/** Which replicas are to run what. */
interface Rollout {
  readonly template: Template;
  readonly replace: readonly Member[];
  readonly minReadyMs: number;
}

/** Makes deploys, one at a time. */
export class Deploys {
  readonly #options: DeployOptions;

  constructor(options: DeployOptions) {
    this.#options = options;
  }

  /** What new instances run. */
  get template(): Template {
    return this.#options.fleet.template;
  }

  /**
   * Looks whether the engine can run what is asked for.
   *
   * @throws {DeployError} it cannot
   */
  check({ image, options }: DeployRequest): void {
    const { engine: { kind, ownsInstances }, fleet } = this.#options;
    if (!ownsInstances) {
      throw new DeployError("with LB_ENGINE=static somebody else runs the replicas");
    }
    if (kind === "process" && image !== undefined) {
      throw new DeployError("image: LB_ENGINE=process runs commands; deploy a command instead");
    }
    if (kind === "process" && options) {
      const keys = Object.keys(options).join(", ");
      throw new DeployError(
        `options: each is an option of containers, and LB_ENGINE=process has none; got ${keys}`,
      );
    }
    if (options && needsIdentity(options) && fleet.policy.spares > 0) {
      throw new DeployError(
        "options: must not use $SERVER_NAME or $SERVER_ID while there are spares, which have no " +
          `name before they stand in; LB_SPARES is ${fleet.policy.spares}`,
      );
    }
  }

  /**
   * Replaces every replica, or, where one does not become and stay ready, none. The image is found
   * out, and fetched where it is missing, before anything else. The deploy is saved before it
   * begins: the balancer's next life goes on with it.
   *
   * @param request what the new instances run
   * @param onStep called for each step
   * @param minReadyMs how long each new instance has to stay ready before the next replica's turn
   * comes; 0: not at all
   * @returns the last step: `done` or `rolled-back`
   * @throws {DeployError} it could not be saved, so it did not begin
   */
  async run(
    request: DeployRequest,
    onStep: (step: DeployStep) => void,
    minReadyMs: number = this.#options.fleet.policy.minReadyMs,
  ): Promise<DeployStep> {
    const tell = this.#teller(onStep);
    const { changeLock, fleet } = this.#options;
    try {
      // Outside the turn: other changes need not wait while an image is fetched.
      const image = request.image === undefined
        ? {}
        : await this.#pin({ image: request.image }, tell);
      return await changeLock.run(async () => {
        const template = await this.#pinned(wished(request, image, fleet), tell);
        await this.#save(template);
        const replace = fleet.members.filter(inRing);
        return await this.#run({ template, replace, minReadyMs }, tell);
      });
    } catch (error) {
      // Of its image: by then nothing was replaced.
      if (!(error instanceof EngineError)) throw error;
      return last({ step: "rolled-back", reason: error.message }, tell);
    }
  }

  /**
   * Ends what the balancer's last life left half done. A deploy that was under way goes on, and goes
   * back as any deploy does. Without one, instances of other templates than the fleet's are
   * replaced.
   *
   * @returns the last step; undefined where nothing was left
   * @throws {Error} an instance of the fleet's own template did not become ready: those before it
   * are replaced, and the call can be repeated
   */
  resume(): Promise<DeployStep | undefined> {
    const tell = this.#teller(() => {});
    const { changeLock, fleet } = this.#options;
    return changeLock.run(async () => {
      await fleet.known();
      const wanted = fleet.deploying ?? fleet.template;
      const replace = fleet.members.filter((member) =>
        inRing(member) && !sameTemplate(member.template, wanted)
      );
      if (!fleet.deploying && replace.length === 0) return undefined;
      const template = await this.#pinned(wanted, tell);
      const { minReadyMs } = fleet.policy;
      return await this.#run({ template, replace, minReadyMs }, tell);
    });
  }

  #pin(template: Template, tell: (step: DeployStep) => void): Promise<Template> {
    return this.#options.engine.pin(template, (reason) => tell({ step: "pulling", reason }));
  }

  async #pinned(template: Template, tell: (step: DeployStep) => void): Promise<Template> {
    return isUnpinned(template) ? await this.#pin(template, tell) : template;
  }

  #teller(onStep: (step: DeployStep) => void): (step: DeployStep) => void {
    return (step) => {
      this.#options.fleet.eventLog.add({ type: "deploy", at: this.#options.now(), ...step });
      onStep(step);
    };
  }

  async #save(template: Template): Promise<void> {
    try {
      await this.#options.fleet.changes.saveDeploy(template);
    } catch (error) {
      throw new DeployError(
        `nothing was deployed, because the deploy could not be saved: ${errorMessage(error)}`,
        "not-saved",
      );
    }
  }

  async #run(
    { template, replace, minReadyMs }: Rollout,
    tell: (step: DeployStep) => void,
  ): Promise<DeployStep> {
    const { fleet } = this.#options;
    const before = new Map(fleet.members.map((member) => [member.name, member.template]));
    let at = "";
    try {
      for (const { name } of replace) {
        at = name;
        await this.#replace(name, template, tell);
        await this.#watch(name, minReadyMs, tell);
      }
      await fleet.changes.adoptTemplate(template);
    } catch (error) {
      if (!fleet.deploying) throw error;
      const failure = { name: at, reason: errorMessage(error) };
      return await this.#rollBack(template, before, failure, tell);
    }
    return last({ step: "done" }, tell);
  }

  async #replace(
    name: string,
    template: Template,
    tell: (step: DeployStep) => void,
  ): Promise<void> {
    const { fleet } = this.#options;
    tell({ step: "starting", name });
    fleet.rollout.start(name, template);
    try {
      await fleet.until((members) => isReady(members, name));
    } catch (error) {
      await fleet.rollout.abort(name);
      throw error;
    }
    fleet.rollout.takeOver(name);
    tell({ step: "draining", name });
    await fleet.until((members) => (members.get(name)?.retiring.length ?? 0) === 0);
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
    const cancel = clock.after(minReadyMs, () => fleet.recheck());
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

  /**
   * Replaces all that runs the template again, by what ran before: an instance that an earlier life
   * of the balancer deployed goes back to what the fleet runs otherwise.
   */
  async #rollBack(
    template: Template,
    before: ReadonlyMap<string, Template>,
    { name, reason }: { readonly name: string; readonly reason: string },
    tell: (step: DeployStep) => void,
  ): Promise<DeployStep> {
    const { fleet } = this.#options;
    tell({ step: "rolling-back", name, reason });
    await fleet.changes.forgetDeploy();
    const deployed = fleet.members.filter((member) =>
      inRing(member) && sameTemplate(member.template, template)
    );
    for (const { name } of deployed.toReversed()) {
      const own = before.get(name) ?? fleet.template;
      const previous = sameTemplate(own, template) ? fleet.template : own;
      if (sameTemplate(previous, template)) continue;
      try {
        await this.#replace(name, previous, tell);
      } catch (error) {
        tell({ step: "not-rolled-back", name, reason: errorMessage(error) });
      }
    }
    return last({ step: "rolled-back", name, reason }, tell);
  }
}

/** What the fleet is to run: what it runs now, but for what is asked for. */
function wished(request: DeployRequest, image: Template, { template, settings }: Fleet): Template {
  const { command, options, ...pin } = template;
  const asked = {
    command: request.command === null ? settings.command : request.command ?? command,
    options: request.options === null ? settings.options : request.options ?? options,
  };
  return {
    ...(request.image === undefined ? pin : image),
    ...(asked.command === undefined ? {} : { command: asked.command }),
    ...(asked.options === undefined ? {} : { options: asked.options }),
  };
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
  if (error && isOutputCollected(successor)) {
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
  if (!isOutputCollected(member)) return;
  const why = member.lastError ? describeError(member.lastError) : "it was replaced";
  throw new NotReadyError(`${name} did not stay ready for ${minReadyMs} ms: ${why}`);
}
