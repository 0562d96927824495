/**
 * The maintenance switch of one worker: while it is on, the balancer answers new requests itself.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { MaintenanceState } from "../../view.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { Client } from "./client.ts";

/** Networks whose clients are served all the same. */
interface Networks {
  has(address: string): boolean;
}

/** Decides which requests the maintenance concerns. */
export class MaintenanceSwitch {
  #refusal: Refusal | undefined;
  #allowed: Networks = { has: () => false };

  /** Whether a maintenance is under way. */
  get on(): boolean {
    return this.#refusal !== undefined;
  }

  /**
   * Begins, changes or ends a maintenance; requests in flight are not affected.
   *
   * @param state the maintenance; undefined for none
   * @param allowed clients that are served all the same
   */
  set(state: MaintenanceState | undefined, allowed: Networks): void {
    this.#allowed = allowed;
    this.#refusal = state && {
      reason: "maintenance",
      status: STATUS_CODE.ServiceUnavailable,
      message: state.message,
      retryAfterS: state.retryAfterS,
      page: "maintenance",
    };
  }

  /** The balancer's answer to a request of this client; undefined if a replica answers it. */
  answer({ origin }: Pick<Client, "origin">): Refusal | undefined {
    return this.#refusal && !this.#allowed.has(origin) ? this.#refusal : undefined;
  }
}
