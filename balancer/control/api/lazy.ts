/**
 * A value that is created at its first use.
 *
 * @module
 */

/**
 * Returns a function that creates the value at most once.
 *
 * @param make creates the value; if it fails, every caller gets the same error
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
