/**
 * The beginning of a response body, for an error message.
 *
 * @module
 */

/** Upper bound of the bytes that are read. */
const READ_BYTES = 1024;

/** Upper bound of the characters that are shown. */
const SHOWN = 120;

/**
 * Returns the beginning of a body as one line without markup; empty if the body is not text.
 *
 * @param response the response; its body is read as far as needed, then cancelled
 */
export async function excerpt(response: Response): Promise<string> {
  const type = response.headers.get("Content-Type") ?? "text/plain";
  if (!/^text\/|json|xml/i.test(type)) {
    await response.body?.cancel();
    return "";
  }
  const text = new TextDecoder().decode(await beginning(response.body));
  return shortened(plain(text));
}

async function beginning(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const bytes = new Uint8Array(READ_BYTES);
  let length = 0;
  if (!body) return bytes.subarray(0, 0);
  // Leaving the loop cancels the rest of the body.
  for await (const chunk of body) {
    const part = chunk.subarray(0, READ_BYTES - length);
    bytes.set(part, length);
    length += part.length;
    if (length === READ_BYTES) break;
  }
  return bytes.subarray(0, length);
}

function plain(text: string): string {
  return text
    .replace(/<(style|script|head)\b[^]*?(<\/\1>|$)/gi, " ")
    .replace(/<[^>]*>?/g, " ")
    // deno-lint-ignore no-control-regex -- a service may send anything
    .replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ")
    .trim();
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= SHOWN ? text : `${characters.slice(0, SHOWN - 1).join("")}…`;
}
