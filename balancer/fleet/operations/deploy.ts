/**
 * A rolling deploy: one replica after the other gets an instance of another template. The new
 * instance is ready before the old one drains; names, slots and ring do not change.
 *
 * @module
 */
import type { DeployStep } from "../../answers/event.ts";
import { type Engine, EngineError, type Template } from "../../engine/engine.ts";
import { errorMessage } from "../../failures.ts";
import type { Fleet } from "../fleet.ts";
import { inRing, type Member } from "../member/member.ts";
import { isUnpinned, sameTemplate } from "../spec/template.ts";
import type { ChangeLock } from "./change_lock.ts";
import { checkSupported, DeployError, type DeployRequest, templateOf } from "./deploy_request.ts";
import { checkSteady } from "./readiness.ts";
import { checkHealing, replaceInstance } from "./replacement.ts";

/** Dependencies of {@linkcode Deploys}. */
interface DeployOptions {
  readonly fleet: Fleet;
  readonly engine: Pick<Engine, "kind" | "ownsInstances" | "pin">;
  readonly changeLock: ChangeLock;
  readonly now: () => number;
}

/** A template and the replicas that it is for. */
interface Rollout {
  readonly template: Template;
  readonly replace: readonly Member[];
  readonly minReadyMs: number;
}

/** Runs deploys, one at a time. */
export class Deploys {
  readonly #options: DeployOptions;

  constructor(options: DeployOptions) {
    this.#options = options;
  }

  /**
   * Checks whether the engine can run the request.
   *
   * @throws {DeployError} `unsupported`: the message names the field and the bound
   */
  check(request: DeployRequest): void {
    const { engine, fleet } = this.#options;
    checkSupported(request, engine, fleet.policy);
  }

  /** Template of new instances. */
  get template(): Template {
    return this.#options.fleet.template;
  }

  /**
   * Replaces the instance of every replica; if one does not become and stay ready, all go back. The
   * image is resolved, and pulled if it is missing, before anything else. The deploy is saved
   * before it begins, so that a restarted balancer continues it.
   *
   * @param request changes of the template
   * @param onStep called for each step
   * @param minReadyMs time that each new instance must stay ready before the next replica, in
   *   milliseconds; 0 for none
   * @returns the last step: `done` or `rolled-back`
   * @throws {DeployError} `not-saved`: the deploy did not begin
   */
  async run(
    request: DeployRequest,
    onStep: (step: DeployStep) => void,
    minReadyMs: number = this.#options.fleet.policy.minReadyMs,
  ): Promise<DeployStep> {
    const report = this.#reporter(onStep);
    const { changeLock, fleet } = this.#options;
    try {
      // Outside the lock: other changes need not wait while an image is pulled.
      const image = request.image === undefined
        ? {}
        : await this.#pin({ image: request.image }, report);
      const begun = await changeLock.run(async () => {
        const template = await this.#pinned(templateOf(request, image, fleet), report);
        await this.#save(template);
        // The balancer that heals notices the saved deploy and runs it.
        if (!fleet.mayHeal) return { template };
        const replace = fleet.members.filter(inRing);
        return await this.#run({ template, replace, minReadyMs }, report);
      });
      return "step" in begun ? begun : await this.#follow(begun.template, report);
    } catch (error) {
      // The image could not be resolved; nothing has been replaced.
      if (!(error instanceof EngineError)) throw error;
      return last({ step: "rolled-back", reason: error.message }, report);
    }
  }

  /**
   * Completes what the last run of the balancer left unfinished. A deploy in progress continues,
   * and rolls back as any deploy does. Without one, instances of templates other than the fleet's
   * are replaced.
   *
   * @returns the last step; undefined if nothing was unfinished
   * @throws {Error} an instance of the fleet's own template did not become ready; replicas before
   *   it are replaced, and the call can be repeated
   */
  resume(): Promise<DeployStep | undefined> {
    const report = this.#reporter(() => {});
    const { changeLock, fleet } = this.#options;
    return changeLock.run(async () => {
      await fleet.known();
      if (!fleet.mayHeal) return undefined;
      const wanted = fleet.deploying ?? fleet.template;
      const replace = fleet.members.filter((member) =>
        inRing(member) && !sameTemplate(member.template, wanted)
      );
      if (!fleet.deploying && replace.length === 0) return undefined;
      const template = await this.#pinned(wanted, report);
      const { minReadyMs } = fleet.policy;
      return await this.#run({ template, replace, minReadyMs }, report);
    });
  }

  /** Waits for the end of a deploy that another balancer runs. */
  async #follow(template: Template, report: (step: DeployStep) => void): Promise<DeployStep> {
    const { fleet } = this.#options;
    report({ step: "delegated" });
    await fleet.until(() => !fleet.deploying || !sameTemplate(fleet.deploying, template));
    if (sameTemplate(fleet.template, template)) return last({ step: "done" }, report);
    const reason = "the balancer that heals the fleet ended the deploy; its events name the cause";
    return last({ step: "rolled-back", reason }, report);
  }

  #pin(template: Template, report: (step: DeployStep) => void): Promise<Template> {
    return this.#options.engine.pin(template, (reason) => report({ step: "pulling", reason }));
  }

  async #pinned(template: Template, report: (step: DeployStep) => void): Promise<Template> {
    return isUnpinned(template) ? await this.#pin(template, report) : template;
  }

  #reporter(onStep: (step: DeployStep) => void): (step: DeployStep) => void {
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
    report: (step: DeployStep) => void,
  ): Promise<DeployStep> {
    const { fleet } = this.#options;
    const before = new Map(fleet.members.map((member) => [member.name, member.template]));
    let at = "";
    try {
      for (const { name } of replace) {
        at = name;
        await replaceInstance(fleet, name, template, report);
        await this.#watch(name, minReadyMs, report);
      }
      await fleet.changes.adoptTemplate(template);
    } catch (error) {
      // Another balancer heals now, and goes on with the deploy.
      if (!fleet.deploying || !fleet.mayHeal) throw error;
      const failure = { name: at, reason: errorMessage(error) };
      return await this.#rollBack(template, before, failure, report);
    }
    return last({ step: "done" }, report);
  }

  /** Waits until a new instance, which serves already, has stayed ready for the time. */
  async #watch(
    name: string,
    minReadyMs: number,
    report: (step: DeployStep) => void,
  ): Promise<void> {
    if (minReadyMs === 0) return;
    const { fleet } = this.#options;
    const { clock } = fleet;
    report({ step: "watching", name, forMs: minReadyMs });
    const until = clock.now() + minReadyMs;
    const cancel = clock.after(minReadyMs, () => fleet.recheck());
    const id = fleet.members.find((member) => member.name === name)?.instance?.id;
    try {
      await fleet.until((members) => {
        checkHealing(fleet);
        checkSteady(name, id, members.get(name), minReadyMs);
        return clock.now() >= until;
      });
    } finally {
      cancel();
    }
  }

  /**
   * Returns every replica that runs the template to its earlier one. An instance that an earlier
   * run of the balancer deployed returns to the fleet's template.
   */
  async #rollBack(
    template: Template,
    before: ReadonlyMap<string, Template>,
    { name, reason }: { readonly name: string; readonly reason: string },
    report: (step: DeployStep) => void,
  ): Promise<DeployStep> {
    const { fleet } = this.#options;
    report({ step: "rolling-back", name, reason });
    await fleet.changes.forgetDeploy();
    const deployed = fleet.members.filter((member) =>
      inRing(member) && sameTemplate(member.template, template)
    );
    for (const { name } of deployed.toReversed()) {
      const own = before.get(name) ?? fleet.template;
      const previous = sameTemplate(own, template) ? fleet.template : own;
      if (sameTemplate(previous, template)) continue;
      try {
        await replaceInstance(fleet, name, previous, report);
      } catch (error) {
        report({ step: "not-rolled-back", name, reason: errorMessage(error) });
      }
    }
    return last({ step: "rolled-back", name, reason }, report);
  }
}

function last(step: DeployStep, report: (step: DeployStep) => void): DeployStep {
  report(step);
  return step;
}
