/**
 * A replica of engine process or docker that speaks TLS, with the pair `replica.pem` and `replica.key` of the
 * folder PAIRS. It answers as the built-in replica does, so that loads recognize it.
 *
 * @module
 */

const folder = Deno.env.get("PAIRS");

Deno.serve({
  hostname: Deno.env.get("LISTEN") ?? "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  cert: await Deno.readTextFile(`${folder}/replica.pem`),
  key: await Deno.readTextFile(`${folder}/replica.key`),
  onListen: () => {},
}, () =>
  Response.json({
    message: `Hello from Server: ${Deno.env.get("SERVER_NAME")}`,
    status: "successful",
  }));
