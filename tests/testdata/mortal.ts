/**
 * A service that dies when it is asked to: `GET /die` ends it without an answer, `GET /hang` makes it
 * deaf. Everything else says which process answered.
 *
 * @module
 */

const port = Number(Deno.env.get("PORT"));

Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/die") Deno.exit(1);
  if (pathname === "/hang") { for (;;); }
  const body = await request.text();
  return Response.json({
    pid: Deno.pid,
    version: Deno.env.get("VERSION") ?? "1",
    bytes: body.length,
  });
});
