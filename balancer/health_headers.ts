/**
 * The header fields of heartbeats, from the settings or from a file.
 *
 * @module
 */
import type { Config } from "./config.ts";
import { errorMessage } from "./failures.ts";
import { SETTINGS } from "./settings/settings.ts";

/**
 * Returns the header fields of heartbeats. The message of an error does not show the file's content.
 *
 * @param health the settings of health checks
 * @throws {Error} the file cannot be read, or has another form
 */
export async function healthHeaders(
  { headers, headersFile }: Config["health"],
): Promise<Readonly<Record<string, string>>> {
  if (headersFile === "") return headers;
  const fault = (why: string) => new Error(`LB_HEALTH_HEADERS_FILE: ${headersFile} ${why}`);
  const text = await Deno.readTextFile(headersFile).catch((error) => {
    throw fault(
      error instanceof Deno.errors.NotCapable
        ? `cannot be read: start the balancer with --allow-read=${headersFile} beside the others`
        : `cannot be read: ${errorMessage(error)}`,
    );
  });
  const { schema, expects } = SETTINGS.LB_HEALTH_HEADERS;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw fault(`must hold ${expects}; got a value of another form`);
}
