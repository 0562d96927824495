import { assertEquals } from "@std/assert";
import { containerPrefix, replicaNetwork } from "./fleet_names.ts";

const settings = { LB_FLEET: "ringkeeper", LB_CONTAINER_PREFIX: "", LB_DOCKER_NETWORK: "" };

Deno.test("fleet names: the default fleet has plain names", () => {
  assertEquals([containerPrefix(settings), replicaNetwork(settings)], ["", "ringkeeper"]);
});

Deno.test("fleet names: containers and network of another fleet carry its name", () => {
  const shop = { ...settings, LB_FLEET: "shop" };
  assertEquals([containerPrefix(shop), replicaNetwork(shop)], ["shop-", "ringkeeper-shop"]);
});

Deno.test("fleet names: a prefix and a network that are set are used as they are", () => {
  const own = { LB_FLEET: "shop", LB_CONTAINER_PREFIX: "x.", LB_DOCKER_NETWORK: "net" };
  assertEquals([containerPrefix(own), replicaNetwork(own)], ["x.", "net"]);
});
