/**
 * Docker's question whether the balancer's container is well: does it answer about itself?
 *
 * @module
 */
import { controlUrl, endpointOf } from "./endpoint.ts";

const PUBLIC = { hostname: "127.0.0.1", port: 5000 };

const listen = Deno.env.get("LB_ADMIN_LISTEN") ?? "";
const publicApi = Deno.env.get("LB_PUBLIC_API") || "auto";

if (listen === "" && publicApi === "none") {
  // There is nobody to ask: whether it listens is all that can be known.
  (await Deno.connect(PUBLIC)).close();
} else {
  const path = listen === "" && publicApi === "basic" ? "/rep" : "/_lb/healthz";
  const { base, init } = endpointOf(controlUrl(listen, `http://${PUBLIC.hostname}:${PUBLIC.port}`));
  const response = await fetch(base + path, { ...init, signal: AbortSignal.timeout(4000) });
  await response.body?.cancel();
  if (!response.ok) Deno.exit(1);
}
