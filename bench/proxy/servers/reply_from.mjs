/**
 * The npm package @fastify/reply-from as a proxy. Arguments: a file beside node_modules, the port,
 * the upstreams' ports.
 *
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { byPath } from "./hash.mjs";

const [beside, port, ...upstreams] = process.argv.slice(2);
const require = createRequire(beside);
const upstreamOf = byPath(upstreams);

const app = require("fastify")({ logger: false, keepAliveTimeout: 300_000 });
app.register(require("@fastify/reply-from"), { undici: { connections: 128, pipelining: 1 } });
app.all("/*", (request, reply) => {
  reply.from(upstreamOf(request.url) + request.url, {
    rewriteRequestHeaders: (_request, headers) => ({ ...headers, "x-forwarded-for": request.ip }),
  });
});
await app.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
