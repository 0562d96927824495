import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  ask,
  DOCKER_TESTS_IGNORED,
  must,
  uniqueName,
} from "../../balancer/engine/docker_harness.ts";
import { removeProject } from "../../tools/docker/removal.ts";
import { placesOf } from "../../tools/fleet_places.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { Balancer } from "../harness/balancer.ts";
import { Checkout } from "./harness/checkout.ts";
import { dockerTest } from "./harness/docker_fleet.ts";

/** Orders in which three fleets are started (first mention) and stopped (second mention). */
const ORDERS = fc.sample(
  fc.shuffledSubarray([0, 1, 2, 0, 1, 2], { minLength: 6, maxLength: 6 }),
  { seed: 15, numRuns: 2 },
);

/** Every fleet that runs answers, and of every other nothing is there. */
async function check(checkouts: readonly Checkout[], running: ReadonlySet<Checkout>, step: string) {
  for (const checkout of checkouts) {
    const answered = await checkout.replicas();
    const expected = running.has(checkout) ? ["Server1"] : undefined;
    assertEquals(answered, expected, `${step}: ${checkout.fleet} on ${checkout.engine}`);
  }
}

async function step(checkout: Checkout, running: Set<Checkout>): Promise<string> {
  const starts = !running.has(checkout);
  const { code, stdout, stderr } = await (starts ? checkout.up() : checkout.down());
  assertEquals(code, 0, stdout + stderr);
  if (starts) running.add(checkout);
  else {
    running.delete(checkout);
    assertEquals(await checkout.remains(), []);
  }
  return `${starts ? "start" : "stop"} of ${checkout.fleet}`;
}

test({
  name: "three checkouts run a fleet each, started and stopped in any order: each ends its own",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const name = uniqueName();
    await using one = await Checkout.copy(name, "docker");
    await using two = await Checkout.copy(`${name}-B.2`, "docker");
    await using three = await Checkout.copy(`${name}-c`, "process");
    const checkouts = [one, two, three];
    for (const order of ORDERS) {
      const running = new Set<Checkout>();
      for (const index of order) {
        const checkout = checkouts[index];
        assert(checkout);
        await check(checkouts, running, await step(checkout, running));
      }
    }
  },
});

test({
  name: "a fleet of another checkout is neither replaced by a start nor ended by a stop",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const [fleet, network] = [uniqueName(), uniqueName()];
    await must("POST", "/networks/create", { Name: network });
    try {
      await using owner = await Checkout.copy(fleet, "docker", { LB_DOCKER_NETWORK: network });
      await using other = await Checkout.copy(fleet, "docker");
      assertEquals((await owner.up()).code, 0);
      const { Containers } = await must("GET", `/networks/${network}`);
      const names = Object.values<{ Name: string }>(Containers).map(({ Name }) => Name);
      assert(names.length === 2 && names.includes(`${fleet}-Server1`), names.join());

      const [start, stop] = [await other.up(), await other.down()];
      assertEquals([start.code, stop.code], [1, 1]);
      assertStringIncludes(start.stderr, `the fleet "${fleet}" was started from ${owner.folder}`);
      assertStringIncludes(stop.stderr, `LB_FLEET=${fleet} make -C ${owner.folder} stop`);
      assertEquals(await owner.replicas(), ["Server1"]);
      const again = await owner.up(other.port);
      assertStringIncludes(again.stdout, `already running: ${owner.url} (engine docker`);

      assertEquals((await owner.ringkeeper("status")).code, 0);
      assertEquals((await owner.down()).code, 0);
      assertEquals(await owner.remains(), []);
      assertEquals((await ask("GET", `/networks/${network}`)).status, 200);
    } finally {
      await must("DELETE", `/networks/${network}`);
    }
  },
});

dockerTest(
  "a stop leaves the containers of a balancer that lives alone, and removes those of a dead one",
  async (fleet) => {
    const balancer = await Balancer.ready({ ...fleet.env, LB_REPLICAS: "1" });
    const places = placesOf(fleet.name);
    const { removed, kept } = await removeProject(places, fleet.name, () => {});
    assertEquals(removed, 0);
    assertStringIncludes(kept ?? "", `1 containers of the fleet "${fleet.name}" belong to`);
    assertEquals((await fleet.containers()).length, 1);
    await balancer.end("SIGKILL");
    assertEquals((await removeProject(places, fleet.name, () => {})).kept, undefined);
    assertEquals(await fleet.containers(), []);
  },
);
