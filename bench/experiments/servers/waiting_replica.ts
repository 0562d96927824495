/**
 * A service whose answers wait until the bench's gate opens. It reports their number to the gate.
 *
 * Environment: that of hello.ts, and GATE, the gate's `host:port`.
 *
 * @module
 */
import { serveHello } from "./hello.ts";

/** Milliseconds between two lines to the gate at the least. */
const TELL_MS = 20;

const [hostname = "127.0.0.1", gatePort] = (Deno.env.get("GATE") ?? "").split(":");
const gate = await Deno.connect({ hostname, port: Number(gatePort) });
const opened = Promise.withResolvers<void>();
gate.read(new Uint8Array(1)).then(() => opened.resolve());

let waiting = 0;
let told = 0;
setInterval(async () => {
  if (waiting === told) return;
  told = waiting;
  await gate.write(new TextEncoder().encode(`${told}\n`));
}, TELL_MS);

serveHello(async () => {
  waiting++;
  await opened.promise;
  waiting--;
});
