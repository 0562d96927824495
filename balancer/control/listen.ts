/**
 * A server on an address or a socket file that a setting names.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import type { Entrance } from "../settings/values.ts";

/** Nobody can listen there. The message names the setting and says what would help. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Only who runs the balancer may use the socket. */
const OWNER_ONLY = 0o600;

/** What an entrance is asked. */
export type Handler = (request: Request, peer: Deno.Addr) => Promise<Response>;

/**
 * Listens.
 *
 * @param entrance where; a socket file that nobody answers on any more is replaced
 * @param handler what answers
 * @throws {ListenError} nobody can listen there
 */
export async function listen(
  entrance: Entrance,
  handler: Handler,
): Promise<Deno.HttpServer<Deno.Addr>> {
  try {
    return "path" in entrance ? await listenUnix(entrance.path, handler) : Deno.serve(
      { hostname: entrance.hostname, port: entrance.port, onListen: () => {} },
      (request, { remoteAddr }) => handler(request, remoteAddr),
    );
  } catch (error) {
    throw error instanceof ListenError
      ? error
      : new ListenError(`LB_ADMIN_LISTEN: ${reasonOf(error, entrance)}`, { cause: error });
  }
}

async function listenUnix(
  path: string,
  handler: Handler,
): Promise<Deno.HttpServer<Deno.UnixAddr>> {
  if (await isAbandoned(path)) await Deno.remove(path);
  const server = Deno.serve(
    { path, onListen: () => {} },
    (request, { remoteAddr }) => handler(request, remoteAddr),
  );
  await Deno.chmod(path, OWNER_ONLY);
  return server;
}

/** Whether the file is a socket that a balancer left behind which was killed. */
async function isAbandoned(path: string): Promise<boolean> {
  try {
    if (!(await Deno.lstat(path)).isSocket) return false;
    const connection = await Deno.connect({ transport: "unix", path });
    connection.close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    throw error;
  }
}

function reasonOf(error: unknown, entrance: Entrance): string {
  const where = "path" in entrance ? entrance.path : `${entrance.hostname}:${entrance.port}`;
  if (error instanceof Deno.errors.AddrInUse) return `${where} is taken by another program`;
  if (error instanceof Deno.errors.NotCapable && "path" in entrance) {
    return `the balancer may make no socket at ${where}; start it with --allow-read=${where} ` +
      `and --allow-write=${where} beside the others`;
  }
  if (error instanceof Deno.errors.NotFound) return `the folder of ${where} does not exist`;
  return `nobody can listen on ${where}: ${errorMessage(error)}`;
}
