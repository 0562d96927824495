/**
 * HAProxy in front of a service of Docker Swarm, as a careful operator sets it up (HAProxy 2.6,
 * Configuration Manual). The lines about retries and checks are those of bench:heal, and their
 * reasons are in bench/heal/haproxy_config.ts. Besides them:
 *
 * - `server-template`, `resolvers`: the servers are the addresses that Docker's own DNS, at the same
 *   address in every container, gives for the tasks of the service (`tasks.web`)
 * - `timeout resolve 500ms`, `hold valid 500ms`: it is asked twice a second
 *
 * @module
 */

/** Ports and the service of the configuration. */
interface HaproxySetup {
  readonly port: number;
  /** Port of the statistics. */
  readonly statsPort: number;
  /** Name of the service, and port of its tasks. */
  readonly service: string;
  readonly servicePort: number;
}

/** Servers beyond the number of tasks, for addresses that come before others go. */
const SERVERS = 10;

/** haproxy.cfg. */
export function haproxyConfig({ port, statsPort, service, servicePort }: HaproxySetup): string {
  return `global
  maxconn 4000
defaults
  mode http
  maxconn 4000
  option forwardfor
  retries 3
  option redispatch 1
  timeout connect 250ms
  timeout client 60s
  timeout server 60s
  timeout check 1s
  timeout http-keep-alive 60s
resolvers docker
  nameserver dns 127.0.0.11:53
  accepted_payload_size 8192
  timeout resolve 500ms
  timeout retry 500ms
  hold valid 500ms
frontend public
  bind :${port}
  http-request disable-l7-retry if METH_POST
  default_backend replicas
backend replicas
  balance hdr(X-Request-Id)
  hash-type consistent sdbm avalanche
  retry-on conn-failure empty-response response-timeout 0rtt-rejected
  option httpchk GET /heartbeat
  http-check expect status 200
  default-server check inter 1s fastinter 200ms downinter 200ms fall 1 rise 1 observe layer7 error-limit 1 on-error mark-down on-marked-down shutdown-sessions
  server-template task ${SERVERS} tasks.${service}:${servicePort} resolvers docker resolve-prefer ipv4 init-addr none
frontend statistics
  bind :${statsPort}
  stats enable
  stats show-legends
  stats uri /
`;
}

/**
 * The addresses of the servers that are up, by the statistics as CSV with legends (Management Guide,
 * section 9.1).
 *
 * @param csv the statistics
 */
export function addressesUp(csv: string): string[] {
  const [head = "", ...lines] = csv.replace(/^# /, "").split("\n");
  const columns = head.split(",");
  const places = ["pxname", "svname", "status", "addr"].map((one) => columns.indexOf(one));
  return lines.map((line) => line.split(",")).flatMap((cells) => {
    const [proxy, server, status, address = ""] = places.map((at) => cells[at]);
    const isUp = proxy === "replicas" && server !== "BACKEND" && status?.startsWith("UP");
    return isUp ? [address.replace(/:\d+$/, "")] : [];
  });
}
