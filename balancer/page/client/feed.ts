/**
 * Keeps the store up to date: events and the status as they change, figures once a second, and the
 * ring after a change. A hidden page makes no requests.
 *
 * @module
 */
import { ApiError } from "./api.ts";
import { EventStream } from "./event_stream.ts";
import type { FleetEvent } from "../../answers/event.ts";
import type { Explanation } from "../../answers/explanation.ts";
import type { Status } from "../../answers/fleet.ts";
import type { StatusChange } from "../../answers/status_change.ts";
import type { History } from "../../answers/history.ts";
import type { Incident } from "../../answers/incident.ts";
import type { Load } from "../../answers/load.ts";
import type { RingTable } from "../../answers/ring.ts";
import { afterDeployStep } from "./deploy_steps.ts";
import { kept, sharesBetween } from "./rates.ts";
import { appended, mergedMarks } from "./series.ts";
import { afterStatusChange } from "./status_changes.ts";
import type { Store } from "./store.ts";

const SECOND_MS = 1000;
/** Minimum interval of updates for events and status, however many events arrive. */
const SHOWN_MS = 200;
const EVENTS = 200;
/** Samples of 15 minutes, and of 24 hours. */
const SECONDS = 900;
const MINUTES = 1440;
const MARKS = 256;
/** Seconds after which the minutes are read again while they are shown. */
const MINUTES_SECONDS = 20;
/** Readings that the shares of requests cover. */
const READINGS = 11;
/** Seconds until a balancer without figures is asked again. */
const NO_LOAD_SECONDS = 30;
/** Seconds after which incidents are read even without events: while one is open, and always. */
const OPEN_SECONDS = 3;
const INCIDENT_SECONDS = 30;

/** Statuses that ask for another token, or for a pause. */
const BARRED: ReadonlySet<number> = new Set([401, 403, 429]);

/** Updates the store from the API. */
export class Feed {
  readonly #store: Store;
  readonly #stream: EventStream;
  #loads: readonly Load[] = [];
  #fresh: FleetEvent[] = [];
  /** The newest status, which is shown soon. */
  #status: Status | undefined;
  #seconds = 0;
  #showing = false;
  #reading = false;
  #stale = true;
  #incidentsStale = true;

  /** @param store the store to update */
  constructor(store: Store) {
    this.#store = store;
    this.#stream = new EventStream({
      event: (event) => this.#event(event),
      status: (change) => this.#change(change),
      link: (up) => this.#link(up),
      refused: (status, message) => this.#refused(status, message),
      admitted: () => this.#admitted(),
    }, () => store.api.headers);
  }

  /** Starts the feed. */
  start(): void {
    // Runs at once, and again whenever a token is entered.
    this.#store.tries.subscribe(() => void this.#knock());
    this.#stream.run();
    setInterval(() => this.#second(), SECOND_MS);
    document.addEventListener("visibilitychange", () => this.touch());
    this.#store.span.subscribe((span) => {
      if (span === "24 h" && this.#store.admitted.value) this.#readMinutes();
    });
  }

  /** Makes a single call first: the token may be wrong, and the balancer counts wrong tokens. */
  async #knock(): Promise<void> {
    const { admitted, barred } = this.#store;
    admitted.value = false;
    await this.#attempt(async () => {
      await this.#readIncidents();
      barred.value = undefined;
    });
    if (barred.value !== undefined) return;
    admitted.value = true;
    this.touch();
    this.#readFigures();
  }

  /** Stops all requests until another token is entered. */
  #bar(why: string): void {
    const { admitted, barred, dialog } = this.#store;
    admitted.value = false;
    barred.value = why;
    this.#store.tokenWanted.value = true;
    dialog.value ??= { of: "token" };
  }

  #refused(status: number, message: string): void {
    if (BARRED.has(status)) this.#bar(message);
    else this.#store.refused.value = message;
  }

  #admitted(): Promise<void> {
    const { admitted } = this.#store;
    return new Promise((resolve) => {
      const stop = admitted.subscribe((whether) => {
        // The listener is called at once, before the stop function exists.
        if (whether) queueMicrotask(() => (stop(), resolve()));
      });
    });
  }

  /** Reads soon what a change may have changed. */
  touch(): void {
    this.#stale = true;
    this.#incidentsStale = true;
    this.#soon();
  }

  #second(): void {
    if (document.hidden) return;
    this.#store.now.value = Date.now() + this.#store.clockOffset;
    // While the balancer does not answer, the event stream alone tries to reach it.
    if (!this.#store.admitted.value || this.#store.live.value === "lost") return;
    const second = this.#seconds++;
    if (this.#store.load.value !== null || second % NO_LOAD_SECONDS === 0) this.#readFigures();
    if (second % MINUTES_SECONDS === 0 && this.#store.span.value === "24 h") this.#readMinutes();
    const open = this.#store.incidents.value.some(({ endedAt }) => endedAt === null);
    if (second % (open ? OPEN_SECONDS : INCIDENT_SECONDS) === 0) this.touch();
  }

  #change(change: StatusChange): void {
    this.#status = afterStatusChange(this.#status, change);
    this.#stale = true;
    this.#soon();
  }

  #event(event: FleetEvent): void {
    this.#fresh.push(event);
    if (this.#fresh.length > EVENTS) this.#fresh.shift();
    const { deploy } = this.#store;
    if (event.type === "deploy") deploy.value = afterDeployStep(deploy.value, event);
    if (event.type === "replica" || event.type === "incident") this.touch();
    else this.#soon();
  }

  #link(up: boolean): void {
    this.#store.live.value = up ? "live" : "lost";
    if (!up) return;
    this.#store.refused.value = undefined;
    // The stream begins with the whole status.
    this.#status = undefined;
    this.touch();
    this.#readFigures();
  }

  /** The stream connects again, which shows when the balancer is back. */
  #lost(): void {
    this.#store.live.value = "lost";
    this.#stream.reconnect();
  }

  #soon(): void {
    if (this.#showing) return;
    this.#showing = true;
    setTimeout(() => this.#show(), SHOWN_MS);
  }

  /** Shows the events received meanwhile, and reads data that may be out of date. */
  async #show(): Promise<void> {
    this.#showing = true;
    const { events } = this.#store;
    const fresh = this.#fresh.splice(0).reverse();
    if (fresh.length > 0) events.value = [...fresh, ...events.value].slice(0, EVENTS);
    try {
      await this.#attempt(() => this.#refresh());
    } finally {
      this.#showing = false;
    }
    if (this.#fresh.length > 0 || this.#stale) this.#soon();
  }

  async #refresh(): Promise<void> {
    const { admitted } = this.#store;
    if (!this.#stale || document.hidden || !admitted.value) return void (this.#stale = false);
    this.#stale = false;
    const next = this.#status;
    if (next) await this.#showStatus(next);
    if (!this.#incidentsStale) return;
    this.#incidentsStale = false;
    await this.#readIncidents();
  }

  async #showStatus(next: Status): Promise<void> {
    const { status, ring } = this.#store;
    const restarted = status.value && status.value.startedAt !== next.startedAt;
    status.value = next;
    if (restarted) this.#restarted();
    if (ring.value?.version === next.version && !restarted) return;
    await this.#readRing();
    await this.#explainAgain();
  }

  async #readIncidents(): Promise<void> {
    const { api, incidents } = this.#store;
    incidents.value = (await api.get<{ incidents: Incident[] }>("incidents")).incidents;
  }

  /** The table of slots is sent only if it changed: health alone changes no slot. */
  async #readRing(): Promise<void> {
    const { api, ring } = this.#store;
    const before = ring.value;
    const next = await api.get<RingTable>(`ring?known=${before?.digest ?? ""}`);
    ring.value = next.unchanged && before
      ? { ...next, runs: before.runs, virtualServers: before.virtualServers }
      : next;
  }

  /** A restarted balancer has new counters, and numbers its events from 1. */
  #restarted(): void {
    const { seconds, minutes, marks } = this.#store;
    this.#stream.restart();
    seconds.value = minutes.value = undefined;
    marks.value = [];
    this.#loads = [];
  }

  /** An explanation of a key belongs to one version of the ring. */
  async #explainAgain(): Promise<void> {
    const { api, explained } = this.#store;
    if (!explained.value) return;
    const { hashedAs, key } = explained.value;
    const way = hashedAs === "id" ? "id" : "key";
    explained.value = await api.get<Explanation>(`explain?${way}=${encodeURIComponent(key)}`);
  }

  async #readFigures(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      await Promise.all([this.#readLoad(), this.#readSeconds()]);
    } finally {
      this.#reading = false;
    }
  }

  async #readSeconds(): Promise<void> {
    await this.#attempt(async () => {
      const { api, seconds, marks } = this.#store;
      const since = Math.round(1000 * (seconds.value?.at.at(-1) ?? 0));
      const next = await api.get<History>(`history?since=${since}`);
      this.#store.clockOffset = next.now - Date.now();
      seconds.value = appended(seconds.value, next, SECONDS);
      marks.value = mergedMarks(marks.value, next.marks, MARKS);
    });
  }

  async #readMinutes(): Promise<void> {
    await this.#attempt(async () => {
      const { api, minutes } = this.#store;
      const since = Math.round(1000 * (minutes.value?.at.at(-1) ?? 0));
      const next = await api.get<History>(`history?step=minute&since=${since}`);
      minutes.value = appended(minutes.value, next, MINUTES);
    });
  }

  async #readLoad(): Promise<void> {
    await this.#attempt(async () => {
      const { api, load, requestShares } = this.#store;
      const next = await api.find<Load>("load");
      load.value = next;
      if (!next) return;
      this.#loads = kept(this.#loads, next, READINGS);
      requestShares.value = sharesBetween(this.#loads[0] ?? next, next);
    });
  }

  /** Failed calls are repeated anyway, and the header shows that the balancer is unreachable. */
  async #attempt(action: () => Promise<void>): Promise<void> {
    const tries = this.#store.tries.value;
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The error may belong to a token that has been replaced.
      if (tries !== this.#store.tries.value) return;
      if (BARRED.has(error.status)) this.#bar(error.message);
      if (error.status === 0) this.#lost();
    }
  }
}
