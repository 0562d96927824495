/**
 * The maintenance switch of one worker: while it is on, the balancer answers new requests itself,
 * because of a maintenance or because it has lost the other balancers of its fleet.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Suspension } from "../../view.ts";
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

  /** Whether the balancer answers by itself. */
  get on(): boolean {
    return this.#refusal !== undefined;
  }

  /**
   * Begins, changes or ends a suspension; requests in flight are not affected.
   *
   * @param state the suspension; undefined for none
   * @param allowed clients that are served all the same
   */
  set(state: Suspension | undefined, allowed: Networks): void {
    this.#allowed = allowed;
    this.#refusal = state && {
      reason: state.reason,
      status: STATUS_CODE.ServiceUnavailable,
      message: state.message,
      retryAfterS: state.retryAfterS,
      ...(state.reason === "maintenance" && { page: "maintenance" }),
    };
  }

  /** The balancer's answer to a request of this client; undefined if a replica answers it. */
  answer({ origin }: Pick<Client, "origin">): Refusal | undefined {
    return this.#refusal && !this.#allowed.has(origin) ? this.#refusal : undefined;
  }
}
