/**
 * The state of the page. Components read signals and render again when those change.
 *
 * @module
 */
import { computed, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Api } from "./api.ts";
import type { ShownDeploy } from "./deploy_steps.ts";
import { assignPlaces, colourOf } from "./colours.ts";
import type { FleetEvent } from "../../answers/event.ts";
import type { Explanation } from "../../answers/explanation.ts";
import type { Status } from "../../answers/fleet.ts";
import type { HistoryMark } from "../../answers/history.ts";
import type { DrillReport, Incident } from "../../answers/incident.ts";
import type { Load } from "../../answers/load.ts";
import type { Plan, RingTable } from "../../answers/ring.ts";
import { TOKEN_KEY } from "./token_key.ts";
import type { ChangeRequest } from "./change_request.ts";
import type { Charted } from "./series.ts";
import { type Move, readRuns, slotCounts } from "./ring_geometry.ts";

/** A dialog that is open. */
export type Dialog =
  | { readonly of: "add" | "shape" | "token" | "deploy" | "log" | "maintenance" }
  | { readonly of: "replica"; readonly name: string };

/** A plan, its effect, and its moves on the ring. */
export interface ShownPlan {
  readonly plan: Plan;
  readonly request: ChangeRequest;
  /** Undefined if the plan's ring could not be rebuilt here. */
  readonly moves: readonly Move[] | undefined;
}

/** The time spans of the charts. */
export const SPANS = ["5 min", "15 min", "24 h"] as const;
/** A time span of the charts. */
export type Span = typeof SPANS[number];

/** A drill and its result; undefined while it runs. */
export interface ShownDrill {
  readonly name: string;
  readonly report: DrillReport | undefined;
}

/** The result of an action. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const NOTICE_MS = 8000;

/** The state of the page. */
export class Store {
  readonly status = signal<Status | undefined>();
  readonly ring = signal<RingTable | undefined>();
  /** The newest figures; null if the balancer has none. */
  readonly load = signal<Load | null | undefined>();
  /** The last 15 minutes by the second. */
  readonly seconds = signal<Charted | undefined>();
  /** The last 24 hours by the minute; read while they are shown. */
  readonly minutes = signal<Charted | undefined>();
  readonly marks = signal<readonly HistoryMark[]>([]);
  /** The time span of the charts. */
  readonly span = signal<Span>("5 min");
  /** The time under the pointer in the charts, in seconds since the epoch. */
  readonly pointed = signal<number | undefined>();
  /** Shares of the requests of the last seconds, by name. */
  readonly requestShares = signal<ReadonlyMap<string, number>>(new Map());
  readonly incidents = signal<readonly Incident[]>([]);
  /** Newest first. */
  readonly events = signal<readonly FleetEvent[]>([]);
  readonly live = signal<"connecting" | "live" | "lost">("connecting");
  /** Why the balancer refused the event stream; undefined if it did not. */
  readonly refused = signal<string | undefined>();
  /** The present time by the balancer's clock. */
  readonly now = signal(Date.now());
  /** How far the balancer's clock is ahead of the browser's, in milliseconds. */
  clockOffset = 0;

  readonly dialog = signal<Dialog | undefined>();
  readonly notices = signal<readonly Notice[]>([]);
  readonly plan = signal<ShownPlan | undefined>();
  /** The last deploy, step by step. */
  readonly deploy = signal<ShownDeploy | undefined>();
  /** The template before the deploy that this page began. */
  former: Status["template"] | undefined;
  /** The last drill of this page. */
  readonly drill = signal<ShownDrill | undefined>();
  readonly explained = signal<Explanation | undefined>();
  /** The hovered replica, whose slots are highlighted. */
  readonly marked = signal<string | undefined>();

  /** The reason why nothing may be read; undefined if reading is allowed. */
  readonly barred = signal<string | undefined>();
  /** Whether the balancer refused a call for its token. */
  readonly tokenWanted = signal(false);
  /**
   * Whether the balancer may be called: not while a token is being tried, nor after a wrong one.
   */
  readonly admitted = signal(false);
  /** The number of entered tokens: each one is tried. */
  readonly tries = signal(0);
  readonly token = signal(tokenOfLink() ?? sessionStorage.getItem(TOKEN_KEY) ?? "");
  readonly theme = signal<"light" | "dark">("light");
  readonly api: Api = new Api(() => this.token.value);

  readonly #flatRuns = computed(() => this.ring.value?.runs);
  /** Read again only with another table: health alone leaves it as it is. */
  readonly runs = computed(() => readRuns(this.#flatRuns.value ?? []));
  /** Names of the replicas that requests wait for. */
  readonly awaited = computed<ReadonlySet<string>>(() => {
    const members = this.ring.value?.members ?? [];
    return new Set(members.flatMap(({ name, awaited }) => awaited ? [name] : []));
  });
  readonly #slotCounts = computed(() => slotCounts(this.runs.value));
  /** Slots by name. */
  readonly slots = computed(() => {
    const members = this.ring.value?.members ?? [];
    const counts = this.#slotCounts.value;
    return new Map(members.map(({ name }, index) => [name, counts[index] ?? 0]));
  });
  #places: ReadonlyMap<string, number> = new Map();
  readonly #placed = computed(() => {
    const ring = this.ring.value?.members.map(({ name }) => name) ?? [];
    const planned = this.plan.value?.plan.add ?? [];
    return this.#places = assignPlaces(this.#places, [...new Set([...ring, ...planned])]);
  });

  #notices = 0;

  /** The colour of a replica; grey if it owns no slots. */
  colour(name: string): string {
    const place = this.#placed.value.get(name);
    return place === undefined ? "gray" : colourOf(place, this.theme.value);
  }

  /** Keeps the token for the lifetime of this tab. */
  keepToken(token: string): void {
    this.token.value = token;
    if (token === "") sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
    this.tries.value++;
  }

  /** Shows the operator the result of an action. */
  notify(text: string, bad = false): void {
    const notice = { id: ++this.#notices, text, bad };
    this.notices.value = [...this.notices.value.slice(-2), notice];
    if (!bad) setTimeout(() => this.dismiss(notice.id), NOTICE_MS);
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }
}

/**
 * Reads the token from a link that `make run` printed. The token is stored like a typed one and
 * removed from the address, so that no bookmark or history contains it.
 */
export function tokenOfLink(): string | undefined {
  const token = /^#token=([!-~]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  sessionStorage.setItem(TOKEN_KEY, token);
  return token;
}

/** Provides the store to components. */
export const StoreContext = createContext<Store | undefined>(undefined);

/** The store of the page. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new TypeError("there is no store around this component");
  return store;
}
