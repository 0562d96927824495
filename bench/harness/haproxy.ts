/**
 * HAProxy as a careful operator sets it up for a service whose requests may be repeated where HTTP
 * allows it (HAProxy 2.6, Configuration Manual). The reason for each line:
 *
 * - `balance hdr`, `hash-type consistent`: the same routing as the balancer's, by X-Request-Id
 * - `retries`, `option redispatch 1`, `retry-on`: an attempt that failed goes to another server at
 *   once, after the request was sent too; never a POST (`disable-l7-retry`), which may have been
 *   executed. A connection that could not be made is always retried
 * - `timeout connect 250ms`: an address without a container does not refuse, it is silent
 * - `check inter 1s fall 1 rise 1`: one missed check takes a server out, one passed puts it back;
 *   `fastinter`, `downinter`: while it is in doubt or down it is asked five times as often
 * - `observe layer7`, `error-limit 1`, `on-error mark-down`: so does one failed request, as soon as
 *   it fails
 * - `on-marked-down shutdown-sessions`: ends the sessions of a dead server
 * - `stats show-legends`: the statistics have the servers' addresses
 *
 * @module
 */

/** The parts of a configuration. */
interface HaproxySetup {
  /** Where it serves, such as `127.0.0.1:80`; `:80` for every address. */
  readonly bind: string;
  /** Where the statistics are. */
  readonly statsBind: string;
  /** The lines that name the servers. */
  readonly servers: readonly string[];
  /** Sections besides the common ones, with a line end. */
  readonly sections?: string;
}

/** haproxy.cfg. */
export function haproxyConfig(setup: HaproxySetup): string {
  const { bind, statsBind, servers, sections = "" } = setup;
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
${sections}frontend public
  bind ${bind}
  http-request disable-l7-retry if METH_POST
  default_backend replicas
backend replicas
  balance hdr(X-Request-Id)
  hash-type consistent sdbm avalanche
  retry-on conn-failure empty-response response-timeout 0rtt-rejected
  option httpchk GET /heartbeat
  http-check expect status 200
  default-server check inter 1s fastinter 200ms downinter 200ms fall 1 rise 1 observe layer7 error-limit 1 on-error mark-down on-marked-down shutdown-sessions
${servers.map((line) => `  ${line}`).join("\n")}
frontend statistics
  bind ${statsBind}
  stats enable
  stats show-legends
  stats uri /
`;
}

/** A server by the statistics. */
interface ServerUp {
  readonly name: string;
  /** Without the port; empty in statistics without legends. */
  readonly address: string;
}

/**
 * The servers that are up, by the statistics as CSV (Management Guide, section 9.1).
 *
 * @param csv the statistics
 */
export function serversUp(csv: string): ServerUp[] {
  const [head = "", ...lines] = csv.replace(/^# /, "").split("\n");
  const columns = head.split(",");
  const places = ["pxname", "svname", "status", "addr"].map((one) => columns.indexOf(one));
  return lines.map((line) => line.split(",")).flatMap((cells) => {
    const [proxy, name = "", status, address = ""] = places.map((at) => cells[at]);
    const isUp = proxy === "replicas" && name !== "BACKEND" && status?.startsWith("UP");
    return isUp ? [{ name, address: address.replace(/:\d+$/, "") }] : [];
  });
}
