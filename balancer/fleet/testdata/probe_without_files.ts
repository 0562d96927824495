// Opens files until the limit is reached, then prints the result of a heartbeat. Run it with a low
// limit of open files.
import { httpProbe } from "../health/http_probe.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const probe = httpProbe({ path: "/" });
const files: Deno.FsFile[] = [];
try {
  for (;;) files.push(await Deno.open(new URL(import.meta.url)));
} catch {
  const never = new AbortController().signal;
  const said = await probe(listener.addr, 1000, never, undefined).catch(String);
  files.pop()?.close();
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(said)}\n`));
}
Deno.exit(0);
