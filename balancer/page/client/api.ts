/**
 * Calls of the control API. Paths are relative to the page, so that the page works behind a proxy
 * with a path prefix.
 *
 * @module
 */

/** The balancer refused a call, or did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /** @param status the answer's status; 0 without an answer */
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** The control API for the operator's page. */
export class Api {
  readonly #token: () => string;

  /** @param token the admin token; empty if there is none */
  constructor(token: () => string) {
    this.#token = token;
  }

  /** Makes a read call. @throws {ApiError} with the balancer's message */
  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path, undefined);
  }

  /** Makes a read call that a balancer may not have: null then. */
  async find<T>(path: string): Promise<T | null> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** Makes a call that changes something. @throws {ApiError} with the balancer's message */
  send<T>(method: "POST" | "PUT" | "DELETE" | "PATCH", path: string, body?: unknown): Promise<T> {
    return this.#call<T>(method, path, body === undefined ? undefined : JSON.stringify(body));
  }

  /**
   * Makes a call whose answer is an event stream, and waits for its end: the same events are in the
   * page's own stream.
   *
   * @throws {ApiError} with the balancer's message
   */
  async follow(path: string, body: unknown): Promise<void> {
    const response = await answered(
      fetch(path, { method: "POST", headers: this.headers, body: JSON.stringify(body) }),
    );
    if (!response.ok) throw new ApiError(response.status, await refusalOf(response));
    await answered(response.text().then(() => response));
  }

  /** The token as header fields. */
  get headers(): Record<string, string> {
    const token = this.#token();
    return token === "" ? {} : { authorization: `Bearer ${token}` };
  }

  async #call<T>(method: string, path: string, body: string | undefined): Promise<T> {
    const response = await answered(fetch(path, {
      method,
      headers: this.headers,
      cache: "no-store",
      ...(body === undefined ? {} : { body }),
    }));
    const json = await jsonOf(response);
    if (response.ok) return json as T;
    throw new ApiError(response.status, messageOf(json) ?? `the answer was ${response.status}`);
  }
}

async function answered(request: Promise<Response>): Promise<Response> {
  try {
    return await request;
  } catch (error) {
    throw new ApiError(0, `the balancer does not answer (${messageOf(error)})`);
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new ApiError(response.status, `the answer is no JSON (${messageOf(error)})`);
  }
}

/** The reason of a refused call. */
export async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return messageOf(JSON.parse(text)) ?? text;
  } catch {
    // A proxy in front may answer with a page of its own.
    return `the answer was ${response.status}`;
  }
}

/** The text of an error, without the API's status prefix. */
export function messageOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
  return String(error.message).replace(/^<Error> /, "");
}
