/**
 * Converts log lines to JSON.
 *
 * @module
 */

/**
 * Converts a log line to a JSON object: an object stays as it is, any other text becomes its
 * `message`.
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
