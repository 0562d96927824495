/**
 * The beginning of a response body, for an error message.
 *
 * @module
 */

/** Number of bytes of a body that are enough for an excerpt. */
export const EXCERPT_BYTES = 1024;

/** Upper bound of the characters that are shown. */
const SHOWN = 120;

/**
 * Reports whether a body of this type is text.
 *
 * @param contentType value of Content-Type; empty if the field is absent
 */
export function isText(contentType: string): boolean {
  return contentType === "" || /^text\/|json|xml/i.test(contentType);
}

/**
 * Returns the beginning of a text as one line without markup.
 *
 * @param start the first bytes of the text, {@linkcode EXCERPT_BYTES} or all of it
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
