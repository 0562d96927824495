import { assertEquals, assertNotEquals } from "@std/assert";
import { systemTest } from "../../tools/test/needs.ts";
import type { Replica, Status } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { MACHINE_TESTS_IGNORED, Machines, MACHINES_LACK } from "../harness/machines.ts";
import { IMAGE, SwarmFleet } from "./harness/swarm_fleet.ts";

const reason = MACHINE_TESTS_IGNORED ? ` (ignored: needs ${MACHINES_LACK})` : "";

/** The machines of all tests in this file. */
let machines: Promise<Machines> | undefined;

Deno.test.afterAll(async () => {
  await (await machines)?.[Symbol.asyncDispose]();
});

function swarmTest(name: string, fn: (fleet: SwarmFleet) => Promise<void>): void {
  systemTest({
    name: name + reason,
    ignore: MACHINE_TESTS_IGNORED,
    fn: async () => {
      machines ??= Machines.start(3, [IMAGE]);
      await fn(new SwarmFleet(await machines));
    },
  });
}

/** The answer of `GET /_lb/machines`. */
interface Listing {
  readonly machines: readonly {
    readonly name: string;
    readonly availability: string;
    readonly replicas: readonly string[];
  }[];
}

function isWhole({ ready, desired }: Status): boolean {
  return ready === desired;
}

/** A replica on another machine than the given one. */
function elsewhere({ replicas }: Status, machine: string): Replica {
  const found = replicas.find((replica) => replica.machine !== machine);
  if (!found) throw new Error(`all replicas are on ${machine}: ${JSON.stringify(replicas)}`);
  return found;
}

swarmTest(
  "a replica that dies on another machine is replaced under load, and no request is lost",
  async (fleet) => {
    await using balancer = await fleet.ready(1, { LB_SPARES: "1" });
    const before = await balancer.until((status) =>
      isWhole(status) && status.spares[0]?.state === "ready"
    );
    const victim = elsewhere(before, fleet.machines.nameOf(1));
    const load = new Load(`${balancer.url}/home`, 4);
    await fleet.kill(victim.machine, victim.instance);
    const after = await balancer.until((status) =>
      isWhole(status) && status.spares[0]?.state === "ready" &&
      status.replicas.every((one) => one.instance !== victim.instance)
    );
    const { failed, served } = await load.stop();
    assertEquals(failed, []);
    assertEquals([...served.keys()].sort(), ["1", "2", "3"]);
    assertEquals(after.digest, before.digest);
  },
);

swarmTest(
  "a machine is drained under load without a lost request, and takes replicas again",
  async (fleet) => {
    await using balancer = await fleet.ready(1);
    const before = await balancer.status();
    const { machine } = elsewhere(before, fleet.machines.nameOf(1));
    const path = `/_lb/machines/${machine}`;
    const load = new Load(`${balancer.url}/home`, 4);
    const drained = await balancer.call("PATCH", path, { availability: "drain" });
    const { failed } = await load.stop();
    assertEquals([drained.status, failed], [200, []]);
    const after = await balancer.status();
    assertEquals([after.digest, isWhole(after)], [before.digest, true]);
    assertEquals(after.replicas.filter((one) => one.machine === machine), []);
    assertEquals(after.replicas.map(({ restarts }) => restarts), [0, 0, 0]);
    const { machines } = (await balancer.call("GET", "/_lb/machines")).body as Listing;
    const seen = machines.find(({ name }) => name === machine);
    assertEquals([seen?.availability, seen?.replicas], ["drain", []]);

    assertEquals((await balancer.call("PATCH", path, { availability: "active" })).status, 200);
    const unknown = await balancer.call("PATCH", "/_lb/machines/none", { availability: "drain" });
    assertEquals(unknown.status, 404);
  },
);

swarmTest(
  "replicas of a machine that Swarm alone drains are replaced as after a death",
  async (fleet) => {
    await using balancer = await fleet.ready(1);
    const before = await balancer.status();
    const { machine, name } = elsewhere(before, fleet.machines.nameOf(1));
    const load = new Load(`${balancer.url}/home`, 4);
    const drain = ["node", "update", "--availability", "drain", machine ?? ""];
    await fleet.machines.docker(1, ...drain);
    const after = await balancer.until((status) =>
      isWhole(status) && status.replicas.every((one) => one.machine !== machine)
    );
    assertEquals((await load.stop()).failed, []);
    assertEquals(after.replicas.find((one) => one.name === name)?.restarts, 1);
    await fleet.machines.docker(1, "node", "update", "--availability", "active", machine ?? "");
  },
);

swarmTest(
  "a balancer that comes back adopts its services, and touches none of another owner",
  async (fleet) => {
    const prefix = `${fleet.name}-Server1-foreign`;
    const foreign = ["service", "create", "-d", "--name", prefix, "--replicas", "0", IMAGE];
    await fleet.machines.docker(1, ...foreign);
    const first = await fleet.ready(1);
    const before = await first.status();
    await first.end("SIGKILL");
    const second = await fleet.ready(1);
    const ids = ({ replicas }: Status) => replicas.map(({ instance }) => instance);
    assertEquals(ids(await second.status()), ids(before));

    const answer = await second.call("POST", "/add", { n: 1, hostnames: ["Server9"] });
    assertEquals(answer.status, 200);
    const grown = await second.until((status) => isWhole(status) && status.desired === 4);
    assertNotEquals(grown.replicas.find(({ name }) => name === "Server9")?.machine, null);
    assertEquals(
      (await second.call("DELETE", "/rm", { n: 1, hostnames: ["Server9"] })).status,
      200,
    );
    assertEquals((await fleet.services()).length, 3);

    await second.end("SIGTERM");
    assertEquals(await fleet.services(), []);
    const kept = await fleet.machines.docker(
      1,
      "service",
      "inspect",
      "-f",
      "{{.Spec.Name}}",
      prefix,
    );
    assertEquals(kept, prefix);
    await fleet.machines.docker(1, "service", "rm", prefix);
  },
);
