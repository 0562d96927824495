/**
 * Docker's question whether the balancer's container is well: does it answer about itself?
 *
 * @module
 */
import { controlUrl, endpointOf } from "./endpoint.ts";

const listen = Deno.env.get("LB_ADMIN_LISTEN") ?? "";
const publicApi = Deno.env.get("LB_PUBLIC_API") || "auto";

/** A public port that carries nothing of the API is well when anybody answers there. */
const silent = listen === "" && publicApi === "none";
const path = listen === "" && publicApi === "basic" ? "/rep" : "/_lb/healthz";

const { base, init } = endpointOf(controlUrl(listen, "http://127.0.0.1:5000"));
const response = await fetch(base + path, { ...init, signal: AbortSignal.timeout(4000) });
await response.body?.cancel();
if (!response.ok && !silent) Deno.exit(1);
