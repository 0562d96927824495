/**
 * The beginning of an answer's body, for an error message.
 *
 * @module
 */

/** Bytes of a body that are enough for an excerpt. */
export const EXCERPT_BYTES = 1024;

/** Characters that are shown at the most. */
const SHOWN = 120;

/**
 * Whether a body of this type is worth reading for its words.
 *
 * @param contentType the value of Content-Type; empty without one
 */
export function isText(contentType: string): boolean {
  return contentType === "" || /^text\/|json|xml/i.test(contentType);
}

/**
 * The first words of a text in one line, without markup.
 *
 * @param start the first bytes of the text, {@linkcode EXCERPT_BYTES} or all
 */
export function excerpt(start: Uint8Array): string {
  return shortened(plain(new TextDecoder().decode(start)));
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
