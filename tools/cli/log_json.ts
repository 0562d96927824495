/**
 * Lines of a log as JSON.
 *
 * @module
 */

/**
 * A line of the log as a JSON object: as it is where it is one, else as its `message`.
 *
 * @param line the line
 */
export function jsonLine(line: string): string {
  return isObject(line) ? line : JSON.stringify({ message: line });
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
