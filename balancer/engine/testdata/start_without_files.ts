// Opens files until the limit is reached, then prints the result of a start, and of one after the
// files are closed. Run it with a low limit of open files.
import { launch } from "../conformance.ts";
import { EngineError } from "../engine.ts";
import { ProcessEngine } from "../process.ts";
import { NO_FAILURES } from "../testing.ts";

const engine = new ProcessEngine({
  command: "sleep 1000",
  env: {},
  inherited: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  host: "127.0.0.1",
  failures: NO_FAILURES,
});
const files: Deno.FsFile[] = [];
try {
  for (;;) files.push(await Deno.open(new URL(import.meta.url)));
} catch {
  await start();
  for (const file of files) file.close();
  await start();
}
await engine.close();
Deno.exit(0);

async function start(): Promise<void> {
  const said = await engine.start(launch("Server1")).then(
    () => "started",
    (error) => error instanceof EngineError ? error.kind : String(error),
  );
  Deno.stdout.writeSync(new TextEncoder().encode(`${said}\n`));
}
