/**
 * Streams of the Engine with one JSON object per line.
 *
 * @module
 */

const LONGEST = 2 ** 20;

/**
 * Parses JSON lines from a stream of bytes.
 *
 * @param chunks the bytes
 * @returns the objects, whose type is not checked; a truncated last line is dropped
 * @throws {Error} a line is not JSON, or is too long
 */
export async function* jsonLines<T>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield JSON.parse(line);
    if (rest.length > LONGEST) throw new Error(`a line of more than ${LONGEST} characters`);
  }
}
