/**
 * The failover of a request that its owner did not answer at once: records failed attempts, waits,
 * and chooses another replica. Requests on the fast path need none.
 *
 * @module
 */
import type { View } from "../../view.ts";
import type { Client } from "../request/client.ts";
import { type Refusal, refusalOf, type RouteRefusal } from "../errors/refusal.ts";
import { isEvidence, shouldRetry, type UpstreamError } from "../errors/upstream_error.ts";
import { type Choice, chooseRoute } from "../routing/route_choice.ts";
import type { CostKind, FailureCosts } from "../stats/failure_cost.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { Admission } from "../routing/admission.ts";
import type { RoutingTable } from "../routing/routing_table.ts";
import type { WorkerCounters } from "../stats/worker_counters.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { RetryBudget } from "../upstream/retry_budget.ts";
import type { WaitEnd, Waiter, WaitingRoom } from "./waiting_room.ts";
import { Disconnected } from "../transport/connection_reader.ts";

/**
 * Most instances that may fail while they serve one request, which may have killed them. One
 * failure can be chance, and so can two when several instances fail at once; a fourth instance is
 * not risked, or one request could take the whole fleet down. By then the fleet quarantines the
 * request's key.
 */
const MAX_FATAL_ATTEMPTS = 3;

/** Services shared by the failovers of one worker. */
export interface FailoverServices {
  readonly routes: RoutingTable;
  readonly admission: Admission;
  readonly waitingRoom: WaitingRoom;
  readonly retryBudget: RetryBudget;
  readonly deadlines: Pick<Deadlines, "now">;
  readonly counters: WorkerCounters;
  readonly costs: FailureCosts;
}

/** The failover of one request. */
export class Failover implements Waiter {
  readonly #services: FailoverServices;
  readonly #client: Client;
  readonly #request: ProxyRequest;
  readonly #failed = new Set<string>();
  readonly #fatal = new Set<string>();
  /** Kinds of cost already counted: each once. */
  readonly #counted = new Set<CostKind>();
  #failure: UpstreamError | undefined;
  /** Whether the request had overflowed to the replica that failed last. */
  #overflowed = false;
  /** The replica that was chosen last; undefined before the first choice. */
  #chosen: string | undefined;
  #repeatable = true;
  /** Whether no replica was ready meanwhile: the first ready one answers then. */
  #acceptsAny = false;
  /** Whether the retry budget still allows another replica than the owner. */
  #maySpill = true;
  /** Whether it has waited for a replica, not only through the grace period. */
  #held = false;
  #holdUntil = 0;
  #graceUntil = 0;
  /** Remaining time that the request may wait, in milliseconds. */
  #patienceMs: number;
  #reason: RouteRefusal = "none";

  /**
   * @param services services shared by the failovers of one worker
   * @param client source of the request
   * @param request the request to send
   */
  constructor(services: FailoverServices, client: Client, request: ProxyRequest) {
    this.#services = services;
    this.#client = client;
    this.#request = request;
    client.events.diverted(request);
    this.#patienceMs = request.rules.hold.ms;
  }

  /** Memory that the request keeps while it waits. */
  get bytes(): number {
    return this.#request.out.length + this.#client.transport.bytes.length;
  }

  get mayBeGone(): boolean {
    return this.#client.ended;
  }

  /** The refusal to answer with, if no replica can be tried. */
  get refusal(): Refusal {
    return refusalOf(this.#reason, this.#failure);
  }

  /**
   * Records a failed attempt.
   *
   * @returns whether the same instance may be tried again, on a new connection
   */
  failed({ upstream: { name, instance } }: InstancePool, failure: UpstreamError): boolean {
    const { method, bodyIntact, rules } = this.#request;
    this.#failure = failure;
    this.#overflowed = name !== (this.#chosen ?? this.#owner);
    this.#repeatable = shouldRetry(failure, { method, bodyIntact }) &&
      (rules.retries || failure.sent === "no");
    if (failure.sent === "maybe") this.#fatal.add(instance);
    if (!isEvidence(failure)) return this.#repeatable;
    this.#failed.add(instance);
    this.#graceUntil = performance.now() + rules.hold.graceMs;
    return false;
  }

  /**
   * Chooses the next replica, waits for one if necessary, and admits the request there.
   *
   * @returns the pool that admitted the request; undefined if there is none, and {@linkcode
   *   Failover.refusal} has the reason
   * @throws {Disconnected} the client left meanwhile
   */
  async next(): Promise<InstancePool | undefined> {
    if (this.#request.destination.key === undefined || !this.#repeatable) {
      return this.#refuse("failed");
    }
    if (this.#fatal.size >= MAX_FATAL_ATTEMPTS) return this.#refuse("fatal");
    for (;;) {
      const now = performance.now();
      this.#holdUntil = now + this.#patienceMs;
      const choice = this.choose(now);
      const end = choice.to === "wait" ? await this.#wait(choice) : choice;
      if (!this.#costs(end) || this.#mayRetry()) return this.#follow(end);
      if (end.to === "owner") return this.#refuse("failed");
      // Waiting amplifies nothing.
      this.#maySpill = false;
    }
  }

  /**
   * Whether the attempt needs retry budget. The owner's replacement has been idle; another replica
   * has its own load, and so has an owner that was too busy at first.
   */
  #costs({ to }: WaitEnd): boolean {
    return this.#failure !== undefined && (to === "other" || (to === "owner" && this.#overflowed));
  }

  #mayRetry(): boolean {
    const { retryBudget, deadlines, counters } = this.#services;
    const allowed = retryBudget.retry(deadlines.now);
    if (!allowed) counters.own.denied();
    return allowed;
  }

  choose(now: number): Choice {
    const { routes } = this.#services;
    const { hold } = this.#request.rules;
    const view = routes.current?.view;
    if (!view || view.ready.size === 0) this.#acceptsAny = true;
    this.#forgive(view);
    const choice = chooseRoute(
      view,
      {
        key: this.#request.destination.key ?? "",
        failed: this.#failed,
        acceptsAny: this.#acceptsAny,
        maySpill: this.#maySpill,
        holdUntil: this.#holdUntil,
        graceUntil: this.#graceUntil,
      },
      hold,
      now,
    );
    if (choice.to === "wait" && choice.why === "hold") this.#held = true;
    return choice;
  }

  /** An instance that left the view and returned has recovered. */
  #forgive(view: View | undefined): void {
    if (this.#failed.size === 0) return;
    const ready = Array.from(view?.ready.values() ?? [], ({ instance }) => instance);
    for (const one of this.#failed) if (!ready.includes(one)) this.#failed.delete(one);
  }

  async #wait(choice: Extract<Choice, { to: "wait" }>): Promise<WaitEnd> {
    const { transport, events } = this.#client;
    this.#request.shrink();
    transport.shrinkBuffer();
    const place = this.#services.waitingRoom.enter(this, choice.until);
    if (!place) return this.#turnedAway(choice);
    const since = performance.now();
    events.waiting(choice.why);
    this.#client.hold(place.leave);
    const end = await place.ended;
    this.#client.unhold();
    events.resumed();
    this.#waited(performance.now() - since);
    return end;
  }

  #waited(ms: number): void {
    this.#patienceMs -= ms;
    if (!this.#held) return;
    this.#count("held");
    this.#services.counters.own.waited(ms);
    this.#services.counters.of(this.#owner).waited(ms);
    this.#services.costs.waited(this.#owner, ms);
  }

  /**
   * Without room in the queue, a request in its grace period is routed at once; others are refused.
   */
  #turnedAway({ why }: Extract<Choice, { to: "wait" }>): WaitEnd {
    this.#graceUntil = 0;
    const choice = why === "grace" ? this.choose(performance.now()) : undefined;
    return choice === undefined || choice.to === "wait" ? { to: "full" } : choice;
  }

  #follow(end: WaitEnd): InstancePool | undefined {
    switch (end.to) {
      case "left":
        this.#request.release();
        throw new Disconnected(this.#client.transport);
      case "full":
      case "files":
        return this.#refuse(end.to);
      case "nobody":
        return this.#refuse(end.why === "none" && this.#attemptDecides ? "failed" : end.why);
    }
    if (this.#failure) this.#count("retried");
    return this.#place(end.name);
  }

  /**
   * Whether the last attempt is the cause of the refusal. A request that no replica can have seen,
   * and that waited in vain, may be sent again by the client.
   */
  get #attemptDecides(): boolean {
    return this.#failure !== undefined && (!this.#held || this.#failure.sent === "maybe");
  }

  #place(name: string): InstancePool | undefined {
    const { routes, admission } = this.#services;
    const pool = routes.current?.pool(name);
    const placed = pool && admission.acquire(this.#request, pool, this.#failed);
    this.#chosen = name;
    if (placed && placed.upstream.name !== this.#owner) this.#count("spilled");
    return placed;
  }

  #refuse(reason: RouteRefusal): undefined {
    this.#reason = reason;
    if (reason !== "quarantined") this.#count("lost");
  }

  #count(kind: CostKind): void {
    if (this.#counted.has(kind)) return;
    this.#counted.add(kind);
    const { costs, counters } = this.#services;
    costs.add(this.#owner, kind);
    counters.of(this.#owner).countCost(kind);
    counters.own.countCost(kind);
  }

  get #owner(): string | undefined {
    const { key } = this.#request.destination;
    return key === undefined ? undefined : this.#services.routes.ownerOf(key);
  }
}
