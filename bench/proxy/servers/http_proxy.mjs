/**
 * The npm package http-proxy as a proxy. Arguments: a file beside node_modules, the port, the
 * upstreams' ports.
 *
 * @module
 */
import http from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { byPath } from "./hash.mjs";

const [beside, port, ...upstreams] = process.argv.slice(2);
const httpProxy = createRequire(beside)("http-proxy");
const upstreamOf = byPath(upstreams);

const proxy = httpProxy.createProxyServer({
  agent: new http.Agent({ keepAlive: true }),
  xfwd: true,
});
proxy.on("error", (_error, _request, response) => {
  if (!response.headersSent) response.writeHead?.(502);
  response.end();
});

const server = http.createServer((request, response) => {
  proxy.web(request, response, { target: upstreamOf(request.url) });
});
server.keepAliveTimeout = 300_000;
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
