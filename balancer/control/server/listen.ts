/**
 * Listens on an address or a socket file from a setting.
 *
 * @module
 */
import { errorMessage } from "../../failures.ts";
import type { Entrance } from "../../settings/values.ts";

/** Listening failed. The message names the setting and a remedy. */
class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Only the user that runs the balancer may use the socket. */
const OWNER_ONLY = 0o600;

/** The listen backlog. */
const BACKLOG = 1024;

/**
 * Listens.
 *
 * @param entrance the address; a socket file without a listener is replaced
 * @throws {ListenError} listening failed
 */
export async function listen(entrance: Entrance): Promise<Deno.Listener> {
  try {
    if ("path" in entrance) return await listenUnix(entrance.path);
    const { hostname, port } = entrance;
    return Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
  } catch (error) {
    throw new ListenError(`LB_ADMIN_LISTEN: ${reasonOf(error, entrance)}`, { cause: error });
  }
}

async function listenUnix(path: string): Promise<Deno.UnixListener> {
  if (await isAbandoned(path)) await Deno.remove(path);
  const listener = Deno.listen({ transport: "unix", path });
  await Deno.chmod(path, OWNER_ONLY);
  return listener;
}

/** Whether the file is a socket that a killed balancer left behind. */
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
  return `cannot listen on ${where}: ${errorMessage(error)}`;
}
