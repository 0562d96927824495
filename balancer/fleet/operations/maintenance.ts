/**
 * The maintenance of the whole balancer: begins and ends it in all workers, and keeps it over a
 * restart.
 *
 * @module
 */
import type { MaintenanceState } from "../../view.ts";
import type { Fleet } from "../fleet.ts";
import { ChangeLock } from "./change_lock.ts";
import { notSaved } from "./change_report.ts";

/** Dependencies of {@linkcode Maintenance}. */
interface MaintenanceOptions {
  readonly fleet: Fleet;
  readonly dataPlane: {
    /** Resolves when every worker knows the state. */
    maintain(state: MaintenanceState | undefined): Promise<void>;
  };
}

/** A maintenance as it is asked for. */
export type MaintenanceRequest = Omit<MaintenanceState, "since">;

/** The maintenance switch. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  /** Not the lock of the fleet's changes: a deploy must not delay a maintenance. */
  readonly #lock = new ChangeLock();

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /** The maintenance under way; undefined if there is none. */
  get state(): MaintenanceState | undefined {
    return this.#options.fleet.maintenance;
  }

  /** Tells the workers the saved state, before they serve. */
  resume(): Promise<void> {
    return this.#options.dataPlane.maintain(this.state);
  }

  /**
   * Begins a maintenance, or changes the one under way, whose beginning stays. Resolves when all
   * workers answer by it.
   *
   * @param request message, Retry-After and exempt clients
   * @throws {ChangeError} `not-saved`: nothing was changed
   */
  begin(request: MaintenanceRequest): Promise<MaintenanceState> {
    return this.#lock.run(async () => {
      const { clock } = this.#options.fleet;
      const now = new Date(clock.wallClock(clock.now())).toISOString();
      const state = { ...request, since: this.state?.since ?? now };
      await this.#change(state);
      return state;
    });
  }

  /**
   * Ends the maintenance, if there is one. Resolves when all workers route requests again.
   *
   * @throws {ChangeError} `not-saved`: nothing was changed
   */
  end(): Promise<void> {
    return this.#lock.run(() => this.#change(undefined));
  }

  async #change(state: MaintenanceState | undefined): Promise<void> {
    const { fleet, dataPlane } = this.#options;
    await fleet.changes.setMaintenance(state).catch((error) => {
      throw notSaved(error);
    });
    await dataPlane.maintain(state);
  }
}
