/**
 * Docker's question whether the balancer's container is well: does it answer about itself?
 *
 * @module
 */
const response = await fetch("http://127.0.0.1:5000/_lb/status", {
  signal: AbortSignal.timeout(4000),
});
await response.body?.cancel();
if (!response.ok) Deno.exit(1);
