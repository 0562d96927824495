/**
 * Reads the body of a call, bounded in size and time.
 *
 * @module
 */

/** The reason why a body was not read to its end. */
export class BodyError extends Error {
  override readonly name = "BodyError";

  constructor(readonly kind: "too-large" | "too-slow", message: string) {
    super(message);
  }
}

/** Longest body of a call, in bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Returns the text of a request's body.
 *
 * @param request the request; its body is cancelled if it exceeds a bound
 * @param timeoutMs milliseconds until the body must have arrived
 * @throws {BodyError} the body exceeded a bound
 */
export async function readBody(request: Request, timeoutMs: number): Promise<string> {
  const reader = request.body?.getReader();
  if (!reader) return "";
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = () => reader.cancel();
  deadline.addEventListener("abort", stop);
  try {
    const text = await readAll(reader);
    if (!deadline.aborted) return text;
  } finally {
    deadline.removeEventListener("abort", stop);
  }
  throw new BodyError("too-slow", `body: must arrive within ${timeoutMs} ms`);
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes += chunk.value.length;
    if (bytes > MAX_BYTES) {
      await reader.cancel();
      throw new BodyError("too-large", `body: must be at most ${MAX_BYTES} bytes`);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}
