/**
 * HTTP calls to the balancer's API: reads, changes and event streams. A token is sent only after
 * the other side has proved to be the API.
 *
 * @module
 */
import { type Endpoint, endpointOf } from "../up/endpoint.ts";
import { isNoAnswer, refusal, refused, UnreachableError } from "./api_errors.ts";
import { eventData, SilenceLimit } from "./event_data.ts";
import { prove } from "./proof.ts";
import type { Target } from "./target.ts";

/** Deadline of a read, in milliseconds. A change takes as long as replicas start and drain. */
const ANSWER_MS = 5000;

/** An answer, raw and parsed. */
export interface Answer<T> {
  readonly text: string;
  readonly body: T;
}

/** A call that changes something. */
interface ChangeCall {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body: unknown;
}

/**
 * Makes calls. Each throws {@linkcode RefusedError} or {@linkcode UnreachableError}.
 */
export class Caller {
  readonly #target: Target;
  #endpoint: Endpoint | undefined;
  /** Whether the token may be sent; undefined until that is known. */
  #trusted: boolean | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** The balancer's address. */
  get url(): string {
    return this.#target.url;
  }

  /** Makes a read call, with a deadline of five seconds. */
  async ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
    try {
      return await this.#call(path, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    } catch (error) {
      throw this.#unreachable(error, ANSWER_MS);
    }
  }

  /**
   * A change may take effect without an answer, so the connection is checked before the change is
   * sent.
   */
  async change<T>(call: ChangeCall): Promise<Answer<T>> {
    const response = await this.#openChange(call);
    try {
      return await this.#read(response);
    } catch (error) {
      throw this.#broken(error);
    }
  }

  /**
   * Makes a change that is answered by an event stream. The generator ends with the stream, and
   * throws if the connection breaks.
   */
  async *follow<T>(call: ChangeCall): AsyncGenerator<T> {
    const response = await this.#openChange(call);
    try {
      if (!response.ok) return void await this.#read(response);
      yield* eventData<T>(response);
    } catch (error) {
      throw this.#broken(error);
    }
  }

  /**
   * Reads an event stream that sends something at least every `silenceMs` milliseconds.
   *
   * @param path the call
   * @param headers header fields of the request
   */
  async *watch<T>(
    path: string,
    headers: Record<string, string>,
    silenceMs: number,
  ): AsyncGenerator<T> {
    using limit = new SilenceLimit(ANSWER_MS);
    try {
      const response = await this.#open(path, { headers, signal: limit.signal });
      if (!response.ok) return void await this.#read(response);
      limit.restart(silenceMs);
      yield* eventData<T>(response, () => limit.restart(silenceMs));
    } catch (error) {
      throw this.#unreachable(error, limit.ms);
    }
  }

  async #openChange({ method, path, body }: ChangeCall): Promise<Response> {
    await this.ask("/_lb/healthz");
    try {
      return await this.#open(path, { method, body: JSON.stringify(body) });
    } catch (error) {
      throw this.#broken(error);
    }
  }

  async #call<T>(path: string, init: RequestInit): Promise<Answer<T>> {
    return await this.#read(await this.#open(path, init));
  }

  async #read<T>(response: Response): Promise<Answer<T>> {
    const text = await response.text();
    const body = parse(text);
    if (response.ok && body !== undefined) return { text, body: body as T };
    throw refusal(this.url, response.status, body);
  }

  async #open(path: string, init: RequestInit): Promise<Response> {
    const { token } = this.#target;
    const shows = token !== undefined && (this.#trusted ??= await this.#prove(token, init.signal));
    const authorization = shows ? { authorization: `Bearer ${token}` } : {};
    const headers = { ...init.headers as Record<string, string>, ...authorization };
    return await this.#send(path, { ...init, headers });
  }

  /**
   * Whether the balancer answers and knows the token. A token that this program found by itself may
   * belong to another balancer: then the call is made without it.
   */
  async #prove(token: string, signal: AbortSignal | null = null): Promise<boolean> {
    const outcome = await prove(token, (path, init) => this.#send(path, { ...init, signal }));
    if (outcome.is === "proven") return true;
    if (this.#target.found) return false;
    if (outcome.is === "refused") throw refused(outcome.status, outcome.message);
    throw new UnreachableError(
      `the server at ${this.url} did not prove to be the balancer's API (status ` +
        `${outcome.status}), so the token was not sent; give the API's address with --url`,
    );
  }

  /** Redirects are not followed: they could leak the token to another host. */
  #send(path: string, { headers = {}, ...init }: RequestInit): Promise<Response> {
    const { base, init: through } = this.#endpoint ??= endpointOf(this.url);
    return fetch(base + path, {
      ...init,
      ...through,
      headers: { "content-type": "application/json", ...headers as Record<string, string> },
      redirect: "manual",
    });
  }

  #unreachable(error: unknown, deadlineMs: number): unknown {
    if (!isNoAnswer(error)) return error;
    // Another program may answer at that address next time.
    this.#trusted = undefined;
    const why = error.name === "TimeoutError" ? ` (no answer for ${deadlineMs / 1000} s)` : "";
    return new UnreachableError(
      `the balancer cannot be reached at ${this.url}${why}; ringkeeper up starts it, and --url ` +
        "says where it is if it runs elsewhere",
    );
  }

  #broken(error: unknown): unknown {
    if (!isNoAnswer(error)) return error;
    return new UnreachableError(
      `the connection to ${this.url} broke before it answered: the change may have been made ` +
        "or not; ringkeeper status says",
    );
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
