/**
 * The balancers that share the fleet: who heals it, and whether all route by the same ring.
 *
 * @module
 */
import type { JSX } from "preact";
import type { ClusterAnswer } from "../../answers/fleet.ts";
import { counted, duration } from "./format.ts";
import { useStore } from "./store.ts";

/** The card with the balancers; nothing for a single one. */
export function Cluster(): JSX.Element | null {
  const cluster = useStore().status.value?.cluster;
  if (!cluster) return null;
  const problem = problemOf(cluster);
  return (
    <section class="card cluster" aria-labelledby="cluster-title">
      <header>
        <h2 id="cluster-title">Balancers</h2>
        <span class="soft">{counted(cluster.balancers.length, "balancer")}</span>
      </header>
      {problem !== undefined && <p class="error">{problem}</p>}
      <ul class="plain">
        {cluster.balancers.map((one) => (
          <li key={one.id} class="row">
            <strong>{one.host}</strong>
            <span class="soft">process {one.pid}</span>
            {one.id === cluster.self && <span class="tag">this one</span>}
            {one.heals && <span class="tag done">heals the fleet</span>}
            <span class="mono">epoch {one.epoch}, digest {one.digest.slice(0, 8)}</span>
            {one.silentMs > 0 && <span class="soft">reported {duration(one.silentMs)} ago</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function problemOf({ isolated, holder, disagreeMs }: ClusterAnswer): string | undefined {
  if (isolated) {
    return "This balancer cannot reach the shared store: it still routes, and refuses changes.";
  }
  if (holder === null) return "No balancer holds the lease: nothing is healed now.";
  return disagreeMs > 0 ? `The rings have differed for ${duration(disagreeMs)}.` : undefined;
}
