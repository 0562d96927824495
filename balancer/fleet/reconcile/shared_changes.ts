/**
 * Changes of a desired state that several balancers share. The state in the shared store counts:
 * each change is a compare-and-swap, and every balancer, the changing one included, then applies the
 * stored state.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import type { Template } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import { isLeaving, isReplica } from "../member/member.ts";
import { applied, type Change } from "../spec/change.ts";
import { isUnpinned, sameRequest, sameTemplate } from "../spec/template.ts";
import type { SharedEdit } from "../store/desired.ts";
import { ConflictError, type MachineDrain, StoreError, type Versioned } from "../store/store.ts";
import { type Changes, type ChangesOptions, dismissSpares, SAVE_RETRY_MS } from "./changes.ts";

/** Dependencies of {@linkcode SharedChanges}. */
interface SharedChangesOptions extends ChangesOptions {
  readonly cluster: Pick<Cluster, "id" | "isolated" | "status">;
  /** Whether the members are known; before that a state is only kept. */
  readonly complete: () => boolean;
  /** Whether this balancer heals the fleet. */
  readonly mayHeal: () => boolean;
  /** Called after another state was applied. */
  readonly onApplied: () => void;
}

/** A store that is cut off may still receive the change when it is reached again. */
const ISOLATED = "this balancer is isolated from the shared store, and changes nothing";

/** Attempts of a change that no caller can repeat. */
const TRIES = 10;

/** Saves, applies and follows a shared state. */
export class SharedChanges implements Changes {
  readonly #options: SharedChangesOptions;
  #cancelRetry: (() => void) | undefined;
  #closed = false;
  /** The names of each call of {@linkcode SharedChanges.add} whose change is not made yet. */
  readonly #added = new Set<ReadonlySet<string>>();
  #refreshing: Promise<boolean> | undefined;
  #refreshAgain = false;

  constructor(options: SharedChangesOptions) {
    this.#options = options;
  }

  async add(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const { cluster } = this.#options;
    const asked = Object.fromEntries(names.map((name) => [name, cluster.id]));
    const added = new Set(names);
    this.#added.add(added);
    try {
      await this.#commit({ joining: { ...this.#joining, ...asked } });
    } catch (error) {
      this.#added.delete(added);
      throw error;
    }
  }

  async withdraw(names: readonly string[]): Promise<void> {
    // If this fails, the withdrawal is repeated: no call waits for these replicas any more.
    this.#forget(names);
    if (names.length > 0) await this.#insist(() => ({ joining: this.#joiningWithout(names) }));
  }

  async make(change: Change, onBase: () => void): Promise<void> {
    const { weights, shape } = applied(this.#options.ringSpec(), change);
    await this.#commit({ weights, shape, joining: this.#joiningWithout(change.add) }, onBase);
    this.#forget(change.add);
  }

  async setUpstreams(
    upstreams: readonly GivenUpstream[],
    answering: ReadonlySet<string>,
    onBase: () => void,
  ): Promise<void> {
    const weights = new Map(upstreams.map(({ name, weight }) => [name, weight]));
    await this.#commit({ weights, upstreams }, onBase, answering);
  }

  setMaintenance(maintenance: MaintenanceState | undefined): Promise<void> {
    return this.#insist(() => ({ maintenance }));
  }

  get drain(): MachineDrain | undefined {
    return this.#options.desiredState.drain;
  }

  setDrain(drain: MachineDrain | undefined): Promise<void> {
    return this.#insist(() => {
      const other = this.drain;
      if (drain && other && other.machine !== drain.machine) {
        throw new StoreError(`${other.machine} is being drained; ask again when that is over`);
      }
      return { drain };
    });
  }

  saveDeploy(deploy: Template): Promise<void> {
    return this.#insist(() => ({ deploy }));
  }

  async forgetDeploy(): Promise<void> {
    try {
      await this.#insist(() => ({ deploy: undefined }));
    } catch (error) {
      this.#options.failures.record("fleet.save", error);
    }
  }

  adoptTemplate(template: Template): Promise<void> {
    return this.#insist(() => ({ template, deploy: undefined }));
  }

  /** Saves the first state, or the image ids of its template, if this balancer heals the fleet. */
  async saveInitial(): Promise<void> {
    const { mayHeal, failures, clock } = this.#options;
    if (!mayHeal()) return;
    this.#cancelRetry?.();
    try {
      await this.#insist(() => this.#initial());
    } catch (error) {
      failures.record("fleet.save", error);
      if (!this.#closed) {
        this.#cancelRetry = clock.after(SAVE_RETRY_MS, () => void this.saveInitial());
      }
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    return Promise.resolve();
  }

  /**
   * Applies the stored state if another balancer has changed it. Never rejects.
   *
   * @returns whether the state could be read
   */
  refresh(): Promise<boolean> {
    this.#refreshAgain = this.#refreshing !== undefined;
    this.#refreshing ??= this.#refresh().finally(() => this.#refreshing = undefined);
    return this.#refreshing;
  }

  /** Admits the replicas of the stored state that are missing; inside the writer. */
  admitMissing(): void {
    const { roster, desiredState: { shared } } = this.#options;
    if (!shared) return;
    for (const name of [...shared.names, ...Object.keys(this.#joining)]) {
      if (!roster.get(name)) return this.#applyNames();
    }
  }

  /**
   * Withdraws replicas that no call waits for any more, before they join the ring: their balancer
   * died, or could not withdraw them itself.
   */
  async withdrawAbandoned(): Promise<void> {
    const { failures } = this.#options;
    if (this.#abandoned().length === 0) return;
    try {
      await this.#insist(() => {
        const names = this.#abandoned();
        return names.length > 0 ? { joining: this.#joiningWithout(names) } : undefined;
      });
    } catch (error) {
      failures.record("fleet.save", error);
    }
  }

  #abandoned(): string[] {
    const { cluster, mayHeal } = this.#options;
    const alive = new Set(cluster.status.balancers.map(({ id }) => id));
    const waitedFor = new Set([...this.#added].flatMap((names) => [...names]));
    return Object.entries(this.#joining).flatMap(([name, by]) => {
      const abandoned = by === cluster.id ? !waitedFor.has(name) : mayHeal() && !alive.has(by);
      return abandoned ? [name] : [];
    });
  }

  #forget(names: readonly string[]): void {
    for (const added of this.#added) {
      if (names.some((name) => added.has(name))) this.#added.delete(added);
    }
  }

  get #joining(): Readonly<Record<string, string>> {
    return this.#options.desiredState.shared?.joining ?? {};
  }

  #joiningWithout(names: readonly string[]): Record<string, string> {
    const others = Object.entries(this.#joining).filter(([name]) => !names.includes(name));
    return Object.fromEntries(others);
  }

  #initial(): SharedEdit | undefined {
    const { desiredState, ringSpec } = this.#options;
    const { shared, template } = desiredState;
    if (!shared) return { weights: ringSpec().weights };
    const pins = isUnpinned(shared.template) && !isUnpinned(template) &&
      sameRequest(shared.template, template);
    return pins ? { template } : undefined;
  }

  /** Repeats a change that does not depend on the changes of others. */
  async #insist(edit: () => SharedEdit | undefined): Promise<void> {
    for (let tries = 1;; tries++) {
      const due = edit();
      if (!due) return;
      try {
        return await this.#commit(due);
      } catch (error) {
        if (!(error instanceof ConflictError) || tries === TRIES) throw error;
      }
    }
  }

  async #commit(
    edit: SharedEdit,
    onBase = () => {},
    answering: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const { desiredState, queue, cluster } = this.#options;
    if (cluster.isolated) throw new StoreError(ISOLATED);
    try {
      // A successful swap proves that no other change comes between. The watch may apply the change
      // before the swap has returned.
      onBase();
      const saved = await desiredState.commit(edit);
      queue.run(() => this.#apply(saved, answering));
    } catch (error) {
      if (error instanceof ConflictError) await this.refresh();
      throw error;
    }
  }

  async #refresh(): Promise<boolean> {
    const { desiredState, queue, failures } = this.#options;
    try {
      do {
        this.#refreshAgain = false;
        const newest = await desiredState.newest();
        if (newest && !this.#closed) queue.run(() => this.#apply(newest));
      } while (this.#refreshAgain);
      return true;
    } catch (error) {
      failures.record("fleet.load", error);
      return false;
    }
  }

  #apply(saved: Versioned, answering: ReadonlySet<string> = new Set()): void {
    const { desiredState, upstreamList, complete, mayHeal, onApplied } = this.#options;
    if (saved.epoch <= desiredState.epoch) return;
    const { template } = desiredState;
    desiredState.adoptSaved(saved);
    if (!complete()) return;
    if (desiredState.upstreams) upstreamList.apply(desiredState.upstreams, answering);
    else this.#applyNames();
    if (mayHeal() && !sameTemplate(template, desiredState.template)) dismissSpares(this.#options);
    onApplied();
  }

  #applyNames(): void {
    const { roster, dispatcher, desiredState } = this.#options;
    const { names, weights = {} } = desiredState.shared!;
    const joining = Object.keys(this.#joining);
    const wanted = new Set([...names, ...joining]);
    for (const member of roster.all.filter(isReplica)) {
      if (!wanted.has(member.name) && !isLeaving(member)) {
        dispatcher.apply(member.name, { type: "leave" });
      }
    }
    for (const name of wanted) roster.admit({ name, template: desiredState.template });
    for (const name of names) {
      dispatcher.apply(name, { type: "weigh", weight: weights[name] ?? 1 });
      dispatcher.apply(name, { type: "join" });
    }
  }
}
