/**
 * How a balancer is reached: by a URL, or by the socket file that it has instead of a port.
 *
 * @module
 */
import { ToolError, USAGE } from "../tool.ts";

/** What to fetch from. */
export interface Endpoint {
  /** What paths are put behind. */
  readonly base: string;
  /** What `fetch` has to be given, where it is a socket file. */
  readonly init: { readonly client?: Deno.HttpClient };
}

const UNIX = "unix:";

/**
 * How to reach a balancer.
 *
 * @param url `http://host:port`, or `unix:/path`
 * @throws {ToolError} this program may not use a socket there
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

/** The settings that say where the API is. */
interface ApiPlace {
  /** `LB_ADMIN_LISTEN` */
  readonly listen: string;
  /** `LB_PUBLIC_API` */
  readonly api: string;
}

/**
 * Where a balancer on this machine answers all calls, unless its own port was taken.
 *
 * @param place its settings
 * @param publicUrl where its public port is
 */
export function controlUrl({ listen, api }: ApiPlace, publicUrl: string): string {
  // What listens everywhere does on loopback, too.
  if (listen.startsWith(UNIX)) return listen;
  if (listen !== "") {
    return `http://${listen.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:")}`;
  }
  const { hostname, port } = new URL(publicUrl);
  if (api === "all") return publicUrl;
  const host = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.")
    ? hostname
    : "127.0.0.1";
  // Above the last port there is none: the balancer takes a free one then, which 0 stands for.
  return `http://${host}:${(Number(port || 80) + 1) % 65536}`;
}
