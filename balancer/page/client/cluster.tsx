/**
 * The balancers that share the fleet: which one holds the lease, and whether all route by the same
 * ring.
 *
 * @module
 */
import type { JSX } from "preact";
import type { ClusterAnswer } from "../../answers/fleet.ts";
import { counted, duration } from "./format.ts";
import { useStore } from "./store.ts";

type Balancer = ClusterAnswer["balancers"][number];

/** The card with the balancers; nothing for a single one. */
export function Cluster(): JSX.Element | null {
  const cluster = useStore().status.value?.cluster;
  if (!cluster) return null;
  const problem = problemOf(cluster);
  const self = cluster.balancers.find(({ id }) => id === cluster.self);
  return (
    <section class="card cluster" aria-labelledby="cluster-title">
      <header>
        <h2 id="cluster-title">Balancers</h2>
        <span class="soft">{counted(cluster.balancers.length, "live balancer")}</span>
      </header>
      {problem !== undefined && <p class="error" role="status">{problem}</p>}
      <div class="scroller" tabIndex={0} role="group" aria-label="Table of balancers">
        <table>
          <thead>
            <tr>
              {["Balancer", "Role", "Epoch", "Digest", "Seen"].map((title) => (
                <th key={title} scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cluster.balancers.map((one) => (
              <Row key={one.id} balancer={one} self={self} isolated={cluster.isolated} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ balancer, self, isolated }: {
  readonly balancer: Balancer;
  /** The balancer of this page; undefined while it has not reported. */
  readonly self: Balancer | undefined;
  /** Without the store nothing is known about the lease. */
  readonly isolated: boolean;
}): JSX.Element {
  const { host, pid, epoch, digest, heals, silentMs } = balancer;
  const differs = self !== undefined && (self.epoch !== epoch || self.digest !== digest);
  return (
    <tr>
      <th scope="row">
        {host} <span class="soft">process {pid}</span>
        {balancer === self && <span class="tag">this one</span>}
      </th>
      <td>
        {isolated ? "unknown" : heals ? <span class="tag done">holds the lease</span> : "follower"}
      </td>
      <td class={differs ? "mono differs" : "mono"}>{epoch}</td>
      <td class={differs ? "mono differs" : "mono"}>{digest.slice(0, 8)}</td>
      <td>{silentMs < FRESH_MS ? "now" : `${duration(silentMs)} ago`}</td>
    </tr>
  );
}

/** Reports arrive about twice a second, in milliseconds. */
const FRESH_MS = 1000;

function problemOf({ isolated, holder, disagreeMs }: ClusterAnswer): string | undefined {
  if (isolated) {
    return "This balancer cannot reach the shared store: it still routes, and refuses changes.";
  }
  if (holder === null) return "No balancer holds the lease: failed replicas are not replaced now.";
  return disagreeMs > 0 ? `The rings have differed for ${duration(disagreeMs)}.` : undefined;
}
