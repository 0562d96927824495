/**
 * What keeps a part of a bench from running without making the bench fail.
 *
 * @module
 */

/** Something is not there that a contestant needs; the message says what to do. */
export class Missing extends Error {
  override readonly name = "Missing";
}
