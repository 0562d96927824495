/**
 * The operator's actions: each makes one call of the API and reports its result.
 *
 * @module
 */
import { type Signal, useSignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ApiError } from "./api.ts";
import { inFormWords } from "./form_words.ts";
import { counted, percent } from "./format.ts";
import type { DrillReport } from "../../answers/incident.ts";
import type { LogState } from "../../answers/log.ts";
import type { MaintenanceAnswer } from "../../answers/maintenance.ts";
import type { Plan } from "../../answers/ring.ts";
import type { ChangeRequest } from "./change_request.ts";
import { plannedMoves } from "./planned_ring.ts";
import { type Store, useStore } from "./store.ts";

/** Reloads the fleet's state after a change. */
export const TouchContext = createContext<() => void>(() => {});

/** Runs actions, one at a time. */
export interface Actions {
  readonly busy: Signal<boolean>;
  /** The error of the last action. */
  readonly error: Signal<string | undefined>;
  /** @returns whether the action succeeded */
  change(request: ChangeRequest): Promise<boolean>;
  plan(request: ChangeRequest): Promise<boolean>;
  apply(id: string): Promise<boolean>;
  drill(name: string, path: string, seconds: number): Promise<DrillReport | undefined>;
  deploy(request: DeployRequest): Promise<boolean>;
  log(change: Partial<LogState>): Promise<boolean>;
  /** Begins a maintenance, or changes the one under way. */
  beginMaintenance(request: MaintenanceRequest): Promise<boolean>;
  endMaintenance(): Promise<boolean>;
}

/** Actions of one dialog or panel. */
export function useActions(): Actions {
  const store = useStore();
  const touch = useContext(TouchContext);
  const busy = useSignal(false);
  const error = useSignal<string | undefined>(undefined);
  const attempt = async <T>(action: () => Promise<T>): Promise<T | undefined> => {
    busy.value = true;
    error.value = undefined;
    try {
      return await action();
    } catch (fault) {
      if (!(fault instanceof ApiError)) throw fault;
      if (fault.status === 401 || fault.status === 403) store.tokenWanted.value = true;
      error.value = refusal(fault);
      return undefined;
    } finally {
      busy.value = false;
      touch();
    }
  };
  const done = (action: () => Promise<string>) =>
    attempt(async () => {
      store.notify(await action());
      return true;
    }).then((whether) => whether ?? false);
  return {
    busy,
    error,
    change: (request) => done(() => make(store, request)),
    plan: (request) => attempt(() => makePlan(store, request)).then((whether) => whether ?? false),
    apply: (id) => done(() => applyPlan(store, id)),
    drill: (name, path, seconds) =>
      attempt(async () => {
        const body = { kill: name, path, seconds };
        store.drill.value = { name, report: undefined };
        try {
          const report = await store.api.send<DrillReport>("POST", "drill", body);
          store.drill.value = { name, report };
          return report;
        } finally {
          if (!store.drill.value?.report) store.drill.value = undefined;
        }
      }),
    // The progress is shown by the events of the deploy, also for a deploy from elsewhere.
    deploy: (request) =>
      attempt(async () => {
        await store.api.follow("deploy", request);
        return true;
      }).then((whether) => whether ?? false),
    log: (change) =>
      done(async () => {
        const { message } = await store.api.send<{ message: LogState }>("PATCH", "log", change);
        return `The log has level ${message.level}, access log ${message.access}`;
      }),
    beginMaintenance: (request) =>
      done(async () => {
        await store.api.send<MaintenanceAnswer>("PUT", "maintenance", request);
        return "The maintenance is in force in all workers";
      }),
    endMaintenance: () =>
      done(async () => {
        await store.api.send<MaintenanceAnswer>("DELETE", "maintenance");
        return "The maintenance has ended: requests are served";
      }),
  };
}

function refusal({ status, message }: ApiError): string {
  const refused = [401, 403, 429].includes(status);
  const hint = status === 401 ? " (see Admin token)" : "";
  return `${refused ? "Refused: " : ""}${inFormWords(message)}${hint}`;
}

/** Adds, removes, weighs or reshapes: a change of one kind is one call. */
async function make({ api }: Store, request: ChangeRequest): Promise<string> {
  const { add, hostnames = [], remove, weights, ...shape } = request;
  if (add !== undefined) {
    const body = { n: add, hostnames, ...(weights ? { weights } : {}) };
    await api.send("POST", "../add", body);
    return `Added ${hostnames.length === add ? hostnames.join(", ") : counted(add, "replica")}`;
  }
  if (remove) {
    await api.send("DELETE", "../rm", { n: remove.length, hostnames: remove });
    return `Removed ${remove.join(", ")}`;
  }
  for (const [name, weight] of Object.entries(weights ?? {})) {
    const path = `replicas/${encodeURIComponent(name)}`;
    return movedText(
      `Set the weight of ${name} to ${weight}`,
      await api.send("PATCH", path, { weight }),
    );
  }
  return movedText("Reshaped the ring", await api.send("PATCH", "ring", shape));
}

interface Changed {
  readonly message: { readonly moved: { readonly share: number } };
}

function movedText(what: string, { message: { moved } }: Changed): string {
  return `${what}; ${percent(moved.share)} of the keys moved`;
}

async function makePlan(store: Store, request: ChangeRequest): Promise<boolean> {
  const { message: plan } = await store.api.send<{ message: Plan }>("POST", "plan", request);
  const [ring, status] = [store.ring.value, store.status.value];
  const moves = ring && status && plannedMoves(ring, status, request, plan);
  store.plan.value = { plan, request, moves };
  store.dialog.value = undefined;
  return true;
}

async function applyPlan(store: Store, id: string): Promise<string> {
  const changed = await store.api.send<Changed>("POST", "apply", { plan: id });
  store.plan.value = undefined;
  return movedText("Applied the plan", changed);
}

/** The body of `PUT /_lb/maintenance`. */
export interface MaintenanceRequest {
  readonly message?: string;
  readonly retryAfterS?: number;
  readonly allow: readonly string[];
}

/** The body of `POST /_lb/deploy`. */
export interface DeployRequest {
  readonly image?: string;
  readonly command?: string | null;
  readonly options?: unknown;
  readonly minReadyMs?: number;
}
