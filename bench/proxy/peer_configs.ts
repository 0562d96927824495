/**
 * Configurations of the peers. All do what the balancer does: consistent hashing of the path,
 * connections that are kept on both sides, X-Forwarded-For, no access log, one worker.
 *
 * @module
 */

/** The configuration of a proxy's start. */
export interface Setup {
  /** The port to listen on. */
  readonly port: number;
  /** The port for HTTP/2 without TLS; 0 without one. The balancer serves it on its own port. */
  readonly http2Port: number;
  /** The port for HTTP/1.1 and HTTP/2 over TLS; 0 without one. */
  readonly tlsPort: number;
  /** Ports of the upstreams. */
  readonly upstreams: readonly number[];
  /** Folder for its files; with the {@linkcode CERTIFICATE} where it speaks TLS. */
  readonly folder: string;
}

/** Name of the certificate's files, without their ending. */
export const CERTIFICATE = "bench";

/** Client connections that a proxy must be able to hold. */
const MOST_CONNECTIONS = 26_000;

/** nginx.conf. */
export function nginxConfig(setup: Setup): string {
  const { port, http2Port, upstreams, folder } = setup;
  // This version cannot serve both protocols on one port without TLS.
  const http2 = http2Port > 0 ? `\n    listen 127.0.0.1:${http2Port} http2 backlog=4096;` : "";
  const servers = upstreams.map((at) => `    server 127.0.0.1:${at};`).join("\n");
  return `user root root;
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
events { worker_connections ${MOST_CONNECTIONS}; }
http {
  access_log off;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  upstream replicas {
    hash $request_uri consistent;
${servers}
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;${http2}${nginxTls(setup)}
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_max_temp_file_size 0;
    }
  }
}
`;
}

function nginxTls({ tlsPort, folder }: Setup): string {
  if (tlsPort === 0) return "";
  return `
    listen 127.0.0.1:${tlsPort} ssl http2 backlog=4096;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${folder}/${CERTIFICATE}.pem;
    ssl_certificate_key ${folder}/${CERTIFICATE}.key;`;
}

/** haproxy.cfg. Without strict limits it takes as many connections as files may be open. */
export function haproxyConfig({ port, tlsPort, upstreams, folder }: Setup): string {
  const pair = `${folder}/${CERTIFICATE}.both`;
  const tls = `\n  bind 127.0.0.1:${tlsPort} backlog 4096 ssl crt ${pair} alpn h2,http/1.1`;
  const servers = upstreams.map((at, index) => `  server s${index} 127.0.0.1:${at}`).join("\n");
  return `global
  nbthread 1
  no strict-limits
  maxconn ${MOST_CONNECTIONS}
defaults
  mode http
  maxconn ${MOST_CONNECTIONS}
  option forwardfor
  timeout connect 5s
  timeout client 300s
  timeout http-keep-alive 300s
  timeout server 60s
frontend public
  bind 127.0.0.1:${port} backlog 4096${tlsPort > 0 ? tls : ""}
  default_backend replicas
backend replicas
  balance uri
  hash-type consistent
  http-reuse always
${servers}
`;
}

/** Caddyfile. It adds X-Forwarded-For by itself; one thread is GOMAXPROCS=1. */
export function caddyConfig({ port, tlsPort, upstreams, folder }: Setup): string {
  const pair = `${folder}/${CERTIFICATE}.pem ${folder}/${CERTIFICATE}.key`;
  const tls = tlsPort > 0 ? `  tls ${pair}\n` : "";
  const sites = [`http://:${port}`, ...tlsPort > 0 ? [`https://:${tlsPort}`] : []];
  const addresses = upstreams.map((at) => `127.0.0.1:${at}`).join(" ");
  const site = (address: string, lines: string) =>
    `${address} {
${lines}  bind 127.0.0.1
  reverse_proxy ${addresses} {
    lb_policy uri_hash
    transport http {
      compression off
      keepalive 300s
      keepalive_idle_conns_per_host 128
    }
  }
}
`;
  return `{
  admin off
  auto_https disable_redirects
  default_sni localhost
  log {
    level ERROR
  }
}
${sites.map((address) => site(address, address.startsWith("https") ? tls : "")).join("")}`;
}
