/**
 * The replica's pages: a greeting with the replica's name, and a heartbeat.
 *
 * @module
 */
import { Hono } from "hono";
import { HEARTBEAT_PATH, HOME_PATH } from "./contract.ts";
import { Identity } from "./identity.ts";

/**
 * Builds the replica's app. Without a name it says `Hello from Server: unnamed` until a heartbeat
 * names it.
 *
 * @param name the replica's name in the ring, for example `Server3`; empty if unnamed
 */
export function createApp(name: string): Hono {
  const identity = new Identity(name);
  const app = new Hono();
  app.get(
    HOME_PATH,
    (c) => c.json({ message: `Hello from Server: ${identity.shown}`, status: "successful" }),
  );
  app.get(HEARTBEAT_PATH, (c) => {
    identity.learn(c.req.raw.headers);
    return c.body(null, 200);
  });
  app.notFound((c) =>
    c.json(
      { message: `<Error> ${c.req.path} endpoint does not exist`, status: "failure" },
      404,
    )
  );
  return app;
}
