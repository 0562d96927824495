// Starts an instance of the command in its arguments with the log on standard output, waits for its
// end, and writes to standard error: the last lines of the instance, the failures, the number of
// lost log lines, and the lateness of timers in milliseconds.
import { Log } from "../../log/log.ts";
import { ProcessEngine } from "../process.ts";

const log = await Log.open("info", "json");
const failures: string[] = [];
const engine = new ProcessEngine({
  command: Deno.args[0],
  env: {},
  inherited: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  host: "127.0.0.1",
  failures: { record: (action) => void failures.push(action) },
});
const { promise: ended, resolve } = Promise.withResolvers<void>();
await engine.watch(() => resolve());
let latest = 0;
let due = performance.now() + 10;
const timer = setInterval(() => {
  latest = Math.max(latest, performance.now() - due);
  due = performance.now() + 10;
}, 10);
const { id } = await engine.start({ name: "Server1", spare: false, template: {} });
await ended;
clearInterval(timer);
const report = { words: await engine.readOutputTail(id), failures, lost: log.lost, latest };
await engine.close();
Deno.stderr.writeSync(new TextEncoder().encode(`\n${JSON.stringify(report)}\n`));
