/**
 * The balancer with this bench's service behind it.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { BenchBalancer, type EngineName } from "../harness/balancer.ts";
import { REPLICAS } from "./contestant.ts";
import { IMAGE, networkOf, type Room } from "./room.ts";

/** What is asked of the balancer. */
export interface Wish {
  /** Tells it from others of this run. */
  readonly name: string;
  readonly engine: EngineName;
  readonly spares: number;
}

const REPLICA = new URL("servers/replica.ts", import.meta.url).pathname;
const REPLICA_FLAGS = "--quiet --no-prompt --no-lock --no-config --allow-net " +
  "--allow-env=HOST,PORT,SERVER_NAME,COLLECTOR";

/** A balancer that can be killed and started again with the same settings. */
export class OwnBalancer extends BenchBalancer {
  constructor(room: Room, { name, engine, spares }: Wish) {
    const fleet = `${room.run}-${name}`;
    const settings = () => ({
      LB_REPLICAS: String(REPLICAS),
      LB_SPARES: String(spares),
      LB_REPLICA_ENV: JSON.stringify({
        COLLECTOR: `${hostOf(room, engine)}:${room.collector.port}`,
      }),
      ...engine === "docker" ? containers(room, fleet) : commands(fleet),
    });
    super({ name, fleet, folder: room.folder, engine, settings });
  }

  /** Adds replicas, `POST /add`. */
  async add(n: number): Promise<void> {
    const { status, text } = await this.call("POST", "/add", { n, hostnames: [] });
    if (status !== 200) throw new ToolError(`POST /add: ${status} ${text}`);
  }
}

/** Where the replicas reach the collector. */
function hostOf(room: Room, engine: EngineName): string {
  return engine === "docker" ? networkOf(room).gateway : "127.0.0.1";
}

function containers(room: Room, fleet: string): Record<string, string> {
  return {
    LB_REPLICA_IMAGE: IMAGE,
    LB_CONTAINER_PREFIX: `${fleet}-`,
    LB_DOCKER_NETWORK: networkOf(room).name,
  };
}

function commands(fleet: string): Record<string, string> {
  return { LB_REPLICA_COMMAND: `${Deno.execPath()} run ${REPLICA_FLAGS} ${REPLICA} ${fleet}` };
}
