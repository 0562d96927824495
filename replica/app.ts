/**
 * The replica's pages: a greeting that says who answered, and a heartbeat.
 *
 * @module
 */
import { Hono } from "hono";
import { HEARTBEAT_PATH, HOME_PATH, serverId } from "./contract.ts";

/**
 * The replica's app.
 *
 * @param name the replica's name in the ring, for example `Server3`
 */
export function createApp(name: string): Hono {
  const greeting = { message: `Hello from Server: ${serverId(name)}`, status: "successful" };
  const app = new Hono();
  app.get(HOME_PATH, (c) => c.json(greeting));
  app.get(HEARTBEAT_PATH, (c) => c.body(null, 200));
  app.notFound((c) =>
    c.json(
      { message: `<Error> ${c.req.path} endpoint does not exist`, status: "failure" },
      404,
    )
  );
  return app;
}
