/**
 * The address of a balancer: a URL, or its socket file instead of a port.
 *
 * @module
 */
import { ToolError, USAGE } from "../tool.ts";

/** The target of fetch calls. */
export interface Endpoint {
  /** The base URL of paths. */
  readonly base: string;
  /** The HTTP client of `fetch`, for a socket file. */
  readonly init: { readonly client?: Deno.HttpClient };
}

const UNIX = "unix:";

/**
 * Resolves the address of a balancer.
 *
 * @param url `http://host:port`, or `unix:/path`
 * @throws {ToolError} this program lacks permission for that socket
 */
export function endpointOf(url: string): Endpoint {
  if (!url.startsWith(UNIX)) return { base: url, init: {} };
  const path = url.slice(UNIX.length);
  try {
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    return { base: "http://ringkeeper", init: { client } };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    const message =
      `this command may not use a socket at ${path}: it may in .run/state; elsewhere ` +
      `it wants --allow-read=${path} and --allow-write=${path} beside its other permissions`;
    throw new ToolError(message, USAGE);
  }
}

/** The settings that determine the API's address. */
interface ApiPlace {
  /** `LB_ADMIN_LISTEN` */
  readonly listen: string;
  /** `LB_PUBLIC_API` */
  readonly api: string;
}

/**
 * Returns the URL that answers all calls of a balancer on this machine, unless its own port was
 * taken.
 *
 * @param place the settings
 * @param publicUrl URL of the public port
 */
export function controlUrl({ listen, api }: ApiPlace, publicUrl: string): string {
  // A wildcard address includes loopback.
  if (listen.startsWith(UNIX)) return listen;
  if (listen !== "") {
    return `http://${listen.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:")}`;
  }
  const { hostname, port } = new URL(publicUrl);
  if (api === "all") return publicUrl;
  const host = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.")
    ? hostname
    : "127.0.0.1";
  // No port exists above the last one: the balancer then takes a free one, written as 0.
  return `http://${host}:${(Number(port || 80) + 1) % 65536}`;
}
