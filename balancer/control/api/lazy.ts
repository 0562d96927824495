/**
 * What is made when it is first asked for.
 *
 * @module
 */

/**
 * Makes something at most once.
 *
 * @param make makes it; where that fails, everybody who asks gets the same error
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
