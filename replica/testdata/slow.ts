// Serves one page that is finished only when standard input ends: `slow.ts PORT DRAIN_MS`.
import { serveUntilSignal } from "../serve.ts";

const [port, drainMs] = Deno.args.map(Number);
const inputEnd = Deno.stdin.readable.pipeTo(new WritableStream());

const drained = await serveUntilSignal(async () => {
  await Deno.stdout.write(new TextEncoder().encode("running\n"));
  await inputEnd;
  return new Response("finished");
}, { hostname: "127.0.0.1", port: port ?? 0, drainMs: drainMs ?? 0 });

Deno.exit(drained ? 0 : 1);
