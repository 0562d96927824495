/**
 * A service that fails when it is asked to: `GET /die` ends it without an answer, `GET /hang` makes
 * it deaf, after `GET /sicken` it answers with errors. Everything else says which process answered.
 *
 * @module
 */

const port = Number(Deno.env.get("PORT"));

let sick = false;

Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/die") Deno.exit(1);
  if (pathname === "/hang") { for (;;); }
  if (pathname === "/sicken") sick = true;
  if (sick && pathname !== "/heartbeat") return new Response("no", { status: 500 });
  const body = await request.text();
  return Response.json({
    pid: Deno.pid,
    version: Deno.env.get("VERSION") ?? "1",
    bytes: body.length,
  });
});
