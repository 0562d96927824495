import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { launch } from "./testing.ts";
import {
  nextGeneration,
  renamedLabels,
  serviceIdentity,
  serviceLabels,
  serviceName,
} from "./swarm_names.ts";
import type { ServiceInfo } from "./swarm_objects.ts";

const FLEET = { prefix: "shop-", fleet: "shop" };

function service(name: string, generation: number, spare = false): ServiceInfo {
  const labels = serviceLabels("shop", launch(name, { spare }), generation);
  return {
    ID: `${name}-${generation}`,
    Version: { Index: 1 },
    CreatedAt: "2026-11-23T20:00:00.123456789Z",
    Spec: { Name: serviceName(FLEET, name, generation), Labels: labels },
  };
}

Deno.test("a service's name is valid for Swarm, whatever the names of fleet and replica are", () => {
  for (const name of ["Server1", "S-3_x", "a".repeat(63), "x__y--z_"]) {
    for (const prefix of ["", "shop-", `${"f".repeat(63)}-`, "A.b_c-"]) {
      const made = serviceName({ prefix, fleet: "shop" }, name, 1_000_000);
      assertMatch(made, /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/);
      assertEquals(made.length <= 63, true, made);
    }
  }
  assertMatch(serviceName(FLEET, "Server1", 7), /^shop-Server1-[0-9a-f]{12}-7$/);
});

Deno.test("names that look alike in Swarm differ by their hash", () => {
  assertNotEquals(serviceName(FLEET, "a_b", 1), serviceName(FLEET, "a-b", 1));
  assertNotEquals(serviceName(FLEET, "a", 1), serviceName({ ...FLEET, fleet: "other" }, "a", 1));
});

Deno.test("the next generation follows the highest one of that name", () => {
  const services = [service("Server1", 7), service("Server1", 2), service("Server2", 9)];
  assertEquals(nextGeneration(services, "Server1"), 8);
  assertEquals(nextGeneration(services, "Server3"), 1);
});

Deno.test("a spare that is given a name keeps the generation of its own", () => {
  const spare = service("spare.1", 3, true);
  assertEquals(serviceIdentity(spare), { name: "spare.1", spare: true });
  const renamed = {
    ...spare,
    Spec: { ...spare.Spec, Labels: renamedLabels(spare.Spec.Labels ?? {}, "Server1") },
  };
  assertEquals(serviceIdentity(renamed), { name: "Server1", spare: false });
  assertEquals(nextGeneration([renamed], "spare.1"), 4);
  assertEquals(nextGeneration([renamed], "Server1"), 1);
});
