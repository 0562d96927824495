/**
 * Messages between the main thread and the worker that performs an order.
 *
 * @module
 */
import type { FaultKind } from "./schedule.ts";

/** An order of one certificate. */
export interface OrderRequest {
  /** URL of the authority's directory. */
  readonly directory: string;
  /** Certificates in PEM that sign the authority's own; undefined for the usual ones. */
  readonly ca: string | undefined;
  /** Mail address of the account; empty for none. */
  readonly email: string;
  /** The account's private key in PEM. */
  readonly accountKey: string;
  /** URL of the account; null if the authority has not confirmed it yet. */
  readonly accountUrl: string | null;
  /** Mail address that the authority knows. */
  readonly accountEmail: string;
  readonly host: string;
  /** The private key of the certificate to come, in PEM. */
  readonly key: string;
  /** URL of an order to continue; null for a new one. */
  readonly url: string | null;
}

/** Why an order failed. */
export interface OrderFault {
  readonly kind: FaultKind;
  /** The authority's problem, or the error of the connection to it. */
  readonly message: string;
  /** Milliseconds for which the authority wants no further attempt; 0: it did not say. */
  readonly retryAfterMs: number;
  /** Whether the order can be continued by the next attempt. */
  readonly resumable: boolean;
}

/** The event of an order; the worker waits for a `go` after each one but the last. */
export type OrderEvent =
  /** The order goes on, without anything to be done. */
  | { readonly type: "step"; readonly step: string }
  /** The account is new, or was changed. */
  | { readonly type: "account"; readonly url: string; readonly terms: string | null }
  | { readonly type: "order"; readonly url: string }
  /** The response has to be given at the token's path before the worker may go on. */
  | { readonly type: "challenge"; readonly token: string; readonly answer: string }
  | { readonly type: "issued"; readonly chain: string }
  | { readonly type: "failed"; readonly fault: OrderFault };

/** Messages to the worker. */
export type ToOrder =
  | { readonly type: "start"; readonly request: OrderRequest }
  | { readonly type: "go" };
