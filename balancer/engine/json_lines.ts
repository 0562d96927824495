/**
 * Streams of the Engine that carry one JSON object a line.
 *
 * @module
 */

const LONGEST = 2 ** 20;

/**
 * Reads one JSON object a line from bytes that are cut anywhere.
 *
 * @param chunks the bytes
 * @returns the objects; their type is not checked; a last line that was cut off is left out
 * @throws {Error} a line is none of JSON, or has no end
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
