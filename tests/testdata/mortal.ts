/**
 * A service that fails when it is asked to: `GET /die` ends it without an answer, `GET /hang` makes
 * it deaf, after `GET /sicken` it answers with errors. Everything else says which process answered.
 * With LIFE_MS it ends after that time; the replica that REFUSES names takes no request for its host.
 *
 * @module
 */

const port = Number(Deno.env.get("PORT"));

const life = Deno.env.get("LIFE_MS");
const refuses = Deno.env.get("REFUSES");

let sick = false;

function print(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (life !== undefined) {
  setTimeout(() => {
    print("my life is over");
    Deno.exit(3);
  }, Number(life));
}

Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/die") {
    print("asked to die");
    Deno.exit(1);
  }
  if (refuses !== undefined && refuses === Deno.env.get("SERVER_NAME")) {
    return new Response("host not allowed", { status: 400 });
  }
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
