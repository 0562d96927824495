/**
 * The reports of balancers about themselves.
 *
 * @module
 */

/** The state that a balancer routes by. */
export interface RoutingReport {
  /** Epoch of the desired state by which all of its workers route. */
  readonly epoch: number;
  /** Digest of its ring. */
  readonly digest: string;
  /** Epoch of the published instances that it has taken over. */
  readonly instances: number;
  /** Ids of the instances that left its view and may still have requests of it. */
  readonly draining: readonly string[];
}

/** A balancer, as it describes itself. */
export interface BalancerReport extends RoutingReport {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Grows with each report of a balancer's life: reports arrive over two ways. */
  readonly sequence: number;
  /** Epoch of the challenges of certificate authorities that all of its workers answer. */
  readonly challenges?: number;
  /** Addresses for messages of other balancers, `host:port`; none if it takes no messages. */
  readonly addresses?: readonly string[];
}

/** A balancer, as this one sees it. */
export interface SeenBalancer extends BalancerReport {
  /** Milliseconds since this balancer saw its last report in the shared store. */
  readonly silentMs: number;
}
