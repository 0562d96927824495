/**
 * The configuration of HAProxy in front of a service of Docker Swarm.
 *
 * @module
 */
import { haproxyConfig } from "../harness/haproxy.ts";

/** Ports and the service of the configuration. */
interface ServiceSetup {
  readonly port: number;
  /** Port of the statistics. */
  readonly statsPort: number;
  /** Name of the service, and port of its tasks. */
  readonly service: string;
  readonly servicePort: number;
}

/** Servers beyond the number of tasks, for addresses that come before others go. */
const SERVERS = 10;

/** Docker's own DNS, at the same address in every container; it is asked twice a second. */
const RESOLVERS = `resolvers docker
  nameserver dns 127.0.0.11:53
  accepted_payload_size 8192
  timeout resolve 500ms
  timeout retry 500ms
  hold valid 500ms
`;

/** haproxy.cfg: the servers are the addresses that Docker's DNS gives for the tasks of the service. */
export function serviceConfig(setup: ServiceSetup): string {
  const { port, statsPort, service, servicePort } = setup;
  return haproxyConfig({
    ...{ bind: `:${port}`, statsBind: `:${statsPort}`, sections: RESOLVERS },
    servers: [
      `server-template task ${SERVERS} tasks.${service}:${servicePort} resolvers docker ` +
      "resolve-prefer ipv4 init-addr none",
    ],
  });
}
