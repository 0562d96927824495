/**
 * HTTP with an authority, as an adapter of the package's axios. Its own adapter reads the system's
 * certificates by a way that needs every permission of `--allow-sys`; fetch uses the runtime's.
 *
 * @module
 */
/** Milliseconds for one answer of the authority. */
const ANSWER_MS = 30_000;

/** Longest answer in bytes: a chain of certificates has a few kilobytes. */
const MOST_BYTES = 1024 * 1024;

/** A request of axios. */
interface RequestConfig {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: { toJSON(): Record<string, unknown> };
  readonly data?: unknown;
}

/** An answer for axios, whatever its status. */
interface Answer<C> {
  readonly data: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Record<string, string>;
  readonly config: C;
}

/**
 * Returns an adapter.
 *
 * @param ca certificates in PEM that sign the authority's own; undefined for the usual ones
 */
export function authorityHttp(
  ca: string | undefined,
): <C extends RequestConfig>(config: C) => Promise<Answer<C>> {
  const client = Deno.createHttpClient(ca === undefined ? {} : { caCerts: [ca] });
  return async (config) => {
    const { url = "", method = "get", headers, data } = config;
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers: Object.entries(headers.toJSON()).map(([name, value]) => [name, String(value)]),
      ...(data === undefined ? {} : { body: String(data) }),
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MS),
      client,
    });
    return {
      data: await boundedText(response),
      status: response.status,
      statusText: response.statusText,
      headers: Object.fromEntries(response.headers),
      config,
    };
  };
}

async function boundedText({ body }: Response): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error(`the answer has more than ${MOST_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
