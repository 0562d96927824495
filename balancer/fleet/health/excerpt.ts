/**
 * The beginning of an answer's body, for an error message.
 *
 * @module
 */

/** Bytes of the body that are read at the most. */
const READ_BYTES = 1024;

/** Characters that are shown at the most. */
const SHOWN = 120;

/**
 * The first words of a body in one line, without markup; empty where it is no text.
 *
 * @param response its body is read as far as needed, then let go
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
