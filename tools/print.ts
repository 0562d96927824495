/**
 * Output of the tools: results to standard output, progress and errors to standard error.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Writes one line to standard output. */
export function print(line: string): void {
  write(Deno.stdout, line);
}

/**
 * Writes one line to standard output, for programs that run until their reader is gone.
 *
 * @returns whether the reader is still there
 */
export function printUnlessClosed(line: string): boolean {
  return write(Deno.stdout, line);
}

/** Writes one line to standard error. */
export function printError(line: string): void {
  write(Deno.stderr, line);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, line: string): boolean {
  const bytes = encoder.encode(`${line}\n`);
  try {
    for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
    return true;
  } catch (error) {
    // The reader is gone, as in `make run | head`: the work still has to be finished.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    return false;
  }
}
