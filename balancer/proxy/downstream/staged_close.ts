/**
 * Closes the connection of a client that may still be sending, in stages: its remaining bytes are
 * read and dropped first, so that the last response reaches it.
 *
 * @module
 */
import type { LingerSettings } from "../settings.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import { DropBudget, linger } from "../transport/linger.ts";
import type { ClientConnection } from "./client_connection.ts";
import type { LingeringClients } from "./lingering_clients.ts";

/** Services of {@linkcode closeInStages}. */
interface StagedCloseServices {
  readonly deadlines: Deadlines;
  /** Bounds on reading a client's bytes after its response. */
  readonly linger: LingerSettings;
}

/**
 * Reads what a client still sends after its last response, within bounds. The caller closes the
 * connection.
 *
 * @param client the client
 * @param group the lingering clients that it is counted among
 * @param services deadlines and bounds
 * @throws {Disconnected} the connection broke or was closed
 */
export async function closeInStages(
  client: ClientConnection,
  group: LingeringClients,
  services: StagedCloseServices,
): Promise<void> {
  if (client.transport.closed || client.gone || client.ended) return;
  if (client.read && client.transport.unread === 0 && !client.refused) return;
  await group.during(client, () => lingerWith(client, services));
}

async function lingerWith(
  client: ClientConnection,
  { deadlines, linger: settings }: StagedCloseServices,
): Promise<void> {
  client.startClosing();
  await client.upload?.stop();
  const budget = new DropBudget(deadlines, settings);
  await linger(client.transport, budget, (at) => client.deadlineAt = at);
}
