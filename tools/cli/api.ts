/**
 * The balancer's API over HTTP, with typed answers.
 *
 * @module
 */
import { type Endpoint, endpointOf } from "../up/endpoint.ts";
import { ToolError } from "../tool.ts";
import { plain } from "./figures.ts";
import { prove } from "./proof.ts";
import type { Explanation } from "../../balancer/answers/explanation.ts";
import type { Names, Status } from "../../balancer/answers/fleet.ts";
import type { Incidents } from "../../balancer/answers/incident.ts";
import type { Load } from "../../balancer/answers/load.ts";
import type { Changed, Planned } from "../../balancer/answers/ring.ts";
import type { Target } from "./target.ts";

/** Exit code for a balancer that refuses. */
export const REFUSED = 1;
/** Exit code for a balancer that cannot be reached. */
export const UNREACHABLE = 3;

/** Milliseconds for an answer to a question. A change takes as long as replicas start and drain. */
const ANSWER_MS = 5000;

/** The balancer answered that it will not, or cannot. */
export class RefusedError extends ToolError {
  constructor(readonly status: number, message: string) {
    super(message, REFUSED);
  }
}

/** No balancer answered. */
export class UnreachableError extends ToolError {
  constructor(message: string) {
    super(message, UNREACHABLE);
  }
}

/** An answer, as it came and as it is read. */
export interface Answer<T> {
  readonly text: string;
  readonly body: T;
}

/** A change of the fleet, as `POST /_lb/plan` takes it. */
export interface Wish {
  readonly add?: number;
  readonly hostnames?: readonly string[];
  readonly remove?: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
  readonly slots?: number;
  readonly virtualServers?: number;
  readonly layout?: string;
  readonly hashes?: string;
}

/** Replicas to add, as `POST /add` takes them. */
export interface Addition {
  readonly n: number;
  readonly hostnames: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
}

/** Replicas to remove, as `DELETE /rm` takes them. */
export type Removal = Pick<Addition, "n" | "hostnames">;

/** What to ask a key's place by. */
export type Question = { readonly [way in "key" | "id" | "path"]?: string };

/**
 * The calls of one balancer. Each throws {@linkcode RefusedError} or {@linkcode UnreachableError}.
 */
export class Api {
  readonly #target: Target;
  #endpoint: Endpoint | undefined;
  /** Whether the token may be sent; undefined where that is to be found out. */
  #trusted: boolean | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Where the balancer listens. */
  get url(): string {
    return this.#target.url;
  }

  status(): Promise<Answer<Status>> {
    return this.#ask("/_lb/status");
  }

  incidents(): Promise<Answer<Incidents>> {
    return this.#ask("/_lb/incidents");
  }

  explain(question: Question): Promise<Answer<Explanation>> {
    return this.#ask(`/_lb/explain?${new URLSearchParams(question)}`);
  }

  /** Undefined where the balancer has no such figures. */
  async load(): Promise<Answer<Load> | undefined> {
    try {
      return await this.#ask("/_lb/load");
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return undefined;
      throw error;
    }
  }

  plan(wish: Wish): Promise<Answer<Planned>> {
    return this.#ask("/_lb/plan", { method: "POST", body: JSON.stringify(wish) });
  }

  add(addition: Addition): Promise<Answer<Names>> {
    return this.#change("POST", "/add", addition);
  }

  remove(removal: Removal): Promise<Answer<Names>> {
    return this.#change("DELETE", "/rm", removal);
  }

  weigh(name: string, weight: number): Promise<Answer<Changed>> {
    return this.#change("PATCH", `/_lb/replicas/${encodeURIComponent(name)}`, { weight });
  }

  apply(plan: string): Promise<Answer<Changed>> {
    return this.#change("POST", "/_lb/apply", { plan });
  }

  async #ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
    try {
      return await this.#call(path, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      // The next program there may be another one.
      this.#trusted = undefined;
      const why = error.name === "TimeoutError" ? ` (no answer for ${ANSWER_MS / 1000} s)` : "";
      throw new UnreachableError(
        `the balancer cannot be reached at ${this.url}${why}; ringkeeper up starts it, and --url says ` +
          "where it is if it runs elsewhere",
      );
    }
  }

  /** Once sent, a change may be made without an answer: so first, whether anybody is there. */
  async #change<T>(method: string, path: string, body: unknown): Promise<Answer<T>> {
    await this.#ask("/_lb/healthz");
    try {
      return await this.#call(path, { method, body: JSON.stringify(body) });
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      throw new UnreachableError(
        `the connection to ${this.url} broke before it answered: the change may have been made ` +
          "or not; ringkeeper status says",
      );
    }
  }

  async #call<T>(path: string, init: RequestInit): Promise<Answer<T>> {
    const { token } = this.#target;
    const shows = token !== undefined && (this.#trusted ??= await this.#prove(token, init.signal));
    const authorization = { authorization: `Bearer ${token}` };
    const response = await this.#send(path, { ...init, headers: shows ? authorization : {} });
    const text = await response.text();
    const body = parse(text);
    if (response.ok && body !== undefined) return { text, body: body as T };
    throw refusal(this.url, response, body);
  }

  /**
   * Whether the balancer is there, and knows the token. A token that this program found by itself may
   * be another balancer's: then the call is made without it.
   */
  async #prove(token: string, signal: AbortSignal | null = null): Promise<boolean> {
    const outcome = await prove(token, (path, init) => this.#send(path, { ...init, signal }));
    if (outcome.is === "proven") return true;
    if (this.#target.found) return false;
    if (outcome.is === "refused") throw refused(outcome.status, outcome.message);
    throw new UnreachableError(
      `what answers at ${this.url} did not prove to be the balancer's API (status ` +
        `${outcome.status}), so the token was not sent; --url says where the API is`,
    );
  }

  /** Redirects are not followed: they could carry the token elsewhere. */
  #send(path: string, { headers = {}, ...init }: RequestInit): Promise<Response> {
    const { base, init: through } = this.#endpoint ??= endpointOf(this.url);
    return fetch(base + path, {
      ...init,
      ...through,
      headers: { "content-type": "application/json", ...headers as Record<string, string> },
      redirect: "manual",
    });
  }
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refusal(url: string, { status }: Response, body: object | undefined): ToolError {
  const message = body && "message" in body ? body.message : undefined;
  if (typeof message !== "string") {
    return new UnreachableError(
      `what answers at ${url} is no balancer (status ${status}); --url says where it is`,
    );
  }
  const detail = body && "detail" in body ? `: ${plain(String(body.detail))}` : "";
  return refused(status, message, detail);
}

function refused(status: number, message: string, detail = ""): RefusedError {
  const hint = status === 401 || status === 403
    ? "\nThe token goes in LB_ADMIN_TOKEN, or in a file that --token-file or LB_ADMIN_TOKEN_FILE names."
    : "";
  return new RefusedError(
    status,
    `the balancer refused (${status}): ${plain(message.replace(/^<Error> /, ""))}${detail}${hint}`,
  );
}

/** Nobody listens, too slow, or cut off. */
function isNoAnswer(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof DOMException && error.name === "TimeoutError");
}
