/**
 * Machines of the engine: which there are, and how one is emptied without a lost request.
 *
 * @module
 */
import type { Machines as MachinesAnswer } from "../../answers/machines.ts";
import type { Availability, Engine, Machine } from "../../engine/engine.ts";
import { errorMessage } from "../../failures.ts";
import type { Fleet } from "../fleet.ts";
import { inRing, type Member } from "../member/member.ts";
import { ChangeError } from "../spec/change_error.ts";
import type { MachineDrain } from "../store/store.ts";
import type { ChangeLock } from "./change_lock.ts";
import { replaceInstance } from "./replacement.ts";

/** Dependencies of {@linkcode Machines}. */
interface MachinesOptions {
  readonly fleet: Fleet;
  readonly engine: Pick<Engine, "kind" | "machines" | "setAvailability">;
  readonly changeLock: ChangeLock;
  readonly now: () => number;
}

/** The machines of the engine. */
export class Machines {
  readonly #options: MachinesOptions;

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  /** Returns the machines with the replicas and spares on each; none for an engine of one machine. */
  async list(): Promise<MachinesAnswer> {
    const machines = await this.#options.engine.machines?.() ?? [];
    return {
      machines: machines.map((machine) => ({
        ...machine,
        replicas: this.#replicasOn(machine.name).map(({ name }) => name),
        spares: this.#options.fleet.spares.filter(isOn(machine.name)).map(({ name }) => name),
      })),
    };
  }

  /**
   * Empties a machine: it gets no new instances, each of its replicas gets a successor elsewhere
   * before its instance drains, and then the engine ends what is left. Or opens it again. Of several
   * balancers the one that heals drains, and each of them may be asked.
   *
   * @param name host name of the machine
   * @param availability `drain` or `active`
   * @throws {ChangeError} there is no such machine; or a successor did not become ready: the machine
   *   is open again then
   */
  async set(name: string, availability: Exclude<Availability, "pause">): Promise<MachinesAnswer> {
    const { availability: before } = await this.#find(name);
    if (availability === "active") await this.#setAvailability(name, "active");
    else await this.#request({ machine: name, before });
    return await this.list();
  }

  /** Goes on with a drain that another balancer was asked for, or did not finish. */
  async resume(): Promise<void> {
    const { fleet, changeLock } = this.#options;
    await changeLock.run(async () => {
      await fleet.known();
      const { drain } = fleet.changes;
      if (drain && fleet.mayHeal) await this.#drain(drain);
    });
  }

  async #request(drain: MachineDrain): Promise<void> {
    const { fleet, changeLock } = this.#options;
    const ended = await changeLock.run(async () => {
      await fleet.known();
      await this.#save(drain);
      // The balancer that heals notices the saved drain.
      if (!fleet.mayHeal) return false;
      return await this.#drain(drain);
    });
    if (!ended) await this.#follow(drain);
  }

  async #save(drain: MachineDrain): Promise<void> {
    try {
      await this.#options.fleet.changes.setDrain(drain);
    } catch (error) {
      const message = `${drain.machine} was not drained: ${errorMessage(error)}`;
      throw new ChangeError("not-saved", message);
    }
  }

  /** Waits until another balancer has drained the machine. */
  async #follow({ machine }: MachineDrain): Promise<void> {
    const { fleet } = this.#options;
    await fleet.until(() => fleet.changes.drain?.machine !== machine);
    const { availability } = await this.#find(machine);
    if (availability === "drain") return;
    throw new ChangeError(
      "not-ready",
      `${machine} was not drained, and takes instances as before: the events of the balancer that ` +
        "heals name the cause",
    );
  }

  /** @returns false if another balancer heals now, and goes on */
  async #drain({ machine, before }: MachineDrain): Promise<boolean> {
    const { fleet } = this.#options;
    try {
      await this.#setAvailability(machine, "pause");
      await this.#moveReplicas(machine);
      // The spares end here: no request runs in them.
      await this.#setAvailability(machine, "drain");
    } catch (error) {
      if (!fleet.mayHeal) return false;
      await this.#setAvailability(machine, before);
      await fleet.changes.setDrain(undefined);
      throw new ChangeError(
        "not-ready",
        `${machine} was not drained, and takes instances as before: ${errorMessage(error)}`,
      );
    }
    await fleet.changes.setDrain(undefined);
    return true;
  }

  async #moveReplicas(machine: string): Promise<void> {
    const { fleet, now } = this.#options;
    const moved = new Set<string>();
    for (;;) {
      const [next] = this.#replicasOn(machine);
      if (!next) return;
      const { name, template } = next;
      if (moved.has(name)) throw new Error(`${name} was placed on ${machine} again`);
      moved.add(name);
      await replaceInstance(fleet, name, template, (step) => {
        fleet.eventLog.add({ type: "deploy", at: now(), ...step });
      });
    }
  }

  #replicasOn(machine: string): readonly Member[] {
    return this.#options.fleet.members.filter((member) => inRing(member) && isOn(machine)(member));
  }

  async #find(name: string): Promise<Machine> {
    const { kind, machines } = this.#options.engine;
    const all = await machines?.call(this.#options.engine) ?? [];
    if (all.length === 0) {
      throw new ChangeError("unsupported", `engine ${kind} has no machines to choose from`);
    }
    const found = all.find((machine) => machine.name === name);
    if (found) return found;
    const names = all.map((machine) => machine.name).join(", ");
    throw new ChangeError("unknown", `machine: must be one of ${names}; got ${name}`);
  }

  async #setAvailability(name: string, availability: Availability): Promise<void> {
    await this.#options.engine.setAvailability?.(name, availability);
  }
}

function isOn(machine: string): (member: Member) => boolean {
  return ({ instance }) => instance?.machine === machine;
}
