// Starts instances of the command in its arguments, prints their process ids, and keeps running.
import { ProcessEngine } from "../process.ts";

const engine = new ProcessEngine({
  command: Deno.args[0],
  env: {},
  inherited: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  host: "127.0.0.1",
  failures: { record: (_action, error) => void Promise.reject(error) },
});
await engine.watch(() => {});
const start = (name: string) => engine.start({ name, spare: false, template: {} });
const instances = [await start("Server1"), await start("Server2")];
const pids = instances.map(({ id }) => Number(id.split("-")[0]));
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(pids)}\n`));
await new Promise(() => {});
