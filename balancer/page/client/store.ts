/**
 * What the page knows. Components read signals and are drawn again when those change.
 *
 * @module
 */
import { computed, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Api } from "./api.ts";
import { assignPlaces, colourOf } from "./colours.ts";
import type { FleetEvent } from "../../answers/event.ts";
import type { Explanation } from "../../answers/explanation.ts";
import type { Status } from "../../answers/fleet.ts";
import type { Incident } from "../../answers/incident.ts";
import type { Load } from "../../answers/load.ts";
import type { Plan, RingTable } from "../../answers/ring.ts";
import type { Wish } from "./wish.ts";
import type { Point } from "./rates.ts";
import { type Move, readRuns, slotCounts } from "./ring_geometry.ts";

/** A dialog that is open. */
export type Dialog =
  | { readonly of: "add" | "shape" | "token" }
  | { readonly of: "replica"; readonly name: string };

/** A plan, what it would do, and where on the ring. */
export interface ShownPlan {
  readonly plan: Plan;
  readonly wish: Wish;
  /** Undefined where the ring of the plan could not be rebuilt here. */
  readonly moves: readonly Move[] | undefined;
}

/** Something that was done, or could not be. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const TOKEN_KEY = "ringkeeper.token";
const NOTICE_MS = 8000;

/** Everything that the page knows. */
export class Store {
  readonly status = signal<Status | undefined>();
  readonly ring = signal<RingTable | undefined>();
  /** The newest figures; null where the balancer has none to give. */
  readonly load = signal<Load | null | undefined>();
  readonly points = signal<readonly Point[]>([]);
  /** Parts of the requests of the last seconds by name. */
  readonly requestShares = signal<ReadonlyMap<string, number>>(new Map());
  readonly incidents = signal<readonly Incident[]>([]);
  /** The newest first. */
  readonly events = signal<readonly FleetEvent[]>([]);
  readonly live = signal<"connecting" | "live" | "lost">("connecting");
  readonly now = signal(Date.now());

  readonly dialog = signal<Dialog | undefined>();
  readonly notices = signal<readonly Notice[]>([]);
  readonly plan = signal<ShownPlan | undefined>();
  readonly explained = signal<Explanation | undefined>();
  /** The replica that is pointed at, so that its slots stand out. */
  readonly marked = signal<string | undefined>();

  /** Why nothing may be looked at; undefined where that is not so. */
  readonly barred = signal<string | undefined>();
  /** Whether the balancer may be asked: not while a token is being tried, nor after a wrong one. */
  readonly admitted = signal(false);
  /** How often a token was given: each is tried. */
  readonly tries = signal(0);
  readonly token = signal(tokenOfLink() ?? sessionStorage.getItem(TOKEN_KEY) ?? "");
  readonly theme = signal<"light" | "dark">("light");
  readonly api: Api = new Api(() => this.token.value);

  readonly runs = computed(() => readRuns(this.ring.value?.runs ?? []));
  /** Slots by name. */
  readonly slots = computed(() => {
    const members = this.ring.value?.members ?? [];
    const counts = slotCounts(this.runs.value, members.length);
    return new Map(members.map(({ name }, index) => [name, counts[index] ?? 0]));
  });
  /** The largest part of slots or requests that anybody has: bars are measured by it. */
  readonly mostShare = computed(() => {
    const slots = this.ring.value?.slots || 1;
    const shares = [...this.slots.value.values()].map((count) => count / slots);
    return Math.max(0.001, ...shares, ...this.requestShares.value.values());
  });
  #places: ReadonlyMap<string, number> = new Map();
  readonly #placed = computed(() => {
    const ring = this.ring.value?.members.map(({ name }) => name) ?? [];
    const planned = this.plan.value?.plan.add ?? [];
    return this.#places = assignPlaces(this.#places, [...new Set([...ring, ...planned])]);
  });

  #notices = 0;

  /** The colour of a replica, grey for who owns nothing. */
  colour(name: string): string {
    const place = this.#placed.value.get(name);
    return place === undefined ? "gray" : colourOf(place, this.theme.value);
  }

  /** Keeps the token as long as this tab is there, and no longer. */
  keepToken(token: string): void {
    this.token.value = token;
    if (token === "") sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
    this.tries.value++;
  }

  /** Tells the operator what came of something. */
  tell(text: string, bad = false): void {
    const notice = { id: ++this.#notices, text, bad };
    this.notices.value = [...this.notices.value.slice(-2), notice];
    if (!bad) setTimeout(() => this.dismiss(notice.id), NOTICE_MS);
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }
}

/**
 * The token of a link that `make run` printed. It is kept as one that was typed in, and taken out of
 * the address, so that it is in no bookmark and no history.
 */
export function tokenOfLink(): string | undefined {
  const token = /^#token=([!-~]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  sessionStorage.setItem(TOKEN_KEY, token);
  return token;
}

/** How components come to the store. */
export const StoreContext = createContext<Store | undefined>(undefined);

/** The store of the page. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new TypeError("there is no store around this component");
  return store;
}
