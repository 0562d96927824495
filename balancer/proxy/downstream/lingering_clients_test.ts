import { assertEquals } from "@std/assert";
import type { ClientConnection } from "./client_connection.ts";
import { LingeringClients } from "./lingering_clients.ts";

/** A client that lingers until it is closed. */
function clientOf(closed: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const close = () => {
    closed.push(name);
    resolve();
  };
  return { client: { close } as ClientConnection, task: () => promise };
}

Deno.test("above the limit the client that has lingered longest is closed", async () => {
  const closed: string[] = [];
  const lingering = new LingeringClients(() => 2);
  const all = ["a", "b", "c", "d"].map((name) => {
    const { client, task } = clientOf(closed, name);
    return lingering.during(client, task);
  });
  await Promise.all(all.slice(0, 2));
  assertEquals([closed, lingering.count], [["a", "b"], 2]);
  while (lingering.giveUp());
  await Promise.all(all);
  assertEquals([closed, lingering.count], [["a", "b", "c", "d"], 0]);
});
