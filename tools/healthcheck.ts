/**
 * Exits with 0 if the balancer of this container answers and has reached the Engine within the last
 * minute: without the Engine it serves, but heals nothing. For HEALTHCHECK in Dockerfile.balancer:
 * an image with Deno alone has neither curl nor a shell. Uses a bare connection, because Deno would
 * trace `fetch` if OpenTelemetry is on, and a check each half minute is noise in the traces.
 *
 * With `--ready` it asks `GET /_lb/readyz` instead: whether the balancer should get requests.
 *
 * @module
 */
const PATIENCE_MS = 4000;
const PUBLIC = { hostname: "127.0.0.1", port: 5000 };
const UNIX = "unix:";

/** Milliseconds that the Engine may be unreachable. */
const ENGINE_AWAY_MS = 60_000;

setTimeout(() => fail(`no answer within ${PATIENCE_MS} ms`), PATIENCE_MS);

const own = Deno.env.get("LB_ADMIN_LISTEN") ?? "";
const connection = await connect();
await ask(Deno.args.includes("--ready") ? "/_lb/readyz" : "/_lb/healthz");
Deno.exit(0);

/**
 * Without a named entrance the API has the port above the public one, or the public port itself.
 */
function connect(): Promise<Deno.Conn> {
  if (own === "") {
    const shared = Deno.env.get("LB_PUBLIC_API") === "all";
    return Deno.connect({ ...PUBLIC, port: PUBLIC.port + (shared ? 0 : 1) });
  }
  if (own.startsWith(UNIX)) {
    return Deno.connect({ transport: "unix", path: own.slice(UNIX.length) });
  }
  // An entrance listens on one of this container's addresses, or on all including loopback.
  const { hostname, port } = new URL(`http://${own}`);
  const everywhere = hostname === "0.0.0.0" || hostname === "[::]";
  return Deno.connect({
    hostname: everywhere ? PUBLIC.hostname : hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 80),
  });
}

async function ask(path: string): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  await new Blob([request]).stream().pipeTo(connection.writable, { preventClose: true });
  const answer = await new Response(connection.readable).text();
  if (!answer.startsWith("HTTP/1.1 200 ")) fail(answer.split("\r\n", 1)[0] || "no answer");
  const away = Number(/"engineAwayMs":(\d+)/.exec(answer)?.[1] ?? 0);
  if (away > ENGINE_AWAY_MS) fail(`the Engine has not answered for ${Math.floor(away / 1000)} s`);
}

/** Docker keeps a check's output: `docker inspect` shows the reason. */
function fail(reason: string): never {
  Deno.stdout.writeSync(new TextEncoder().encode(`${reason}\n`));
  Deno.exit(1);
}
