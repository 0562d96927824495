/**
 * Docker's question whether the balancer's container is well: does it answer about itself? A bare
 * connection, for `fetch` would be traced wherever the balancer is.
 *
 * @module
 */
setTimeout(() => Deno.exit(1), 4000);
const connection = await Deno.connect({ hostname: "127.0.0.1", port: 5000 });
const request = "GET /_lb/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
await new Blob([request]).stream().pipeTo(connection.writable, { preventClose: true });
const answer = await new Response(connection.readable).text();
Deno.exit(answer.startsWith("HTTP/1.1 200 ") ? 0 : 1);
