import { assertEquals } from "@std/assert";
import { containerPrefix, replicaNetwork } from "./fleet_names.ts";

const engine = { containerPrefix: "", network: "" };

Deno.test("fleet names: the default fleet has plain names", () => {
  const settings = { fleet: { name: "ringkeeper" }, engine };
  assertEquals([containerPrefix(settings), replicaNetwork(settings)], ["", "ringkeeper"]);
});

Deno.test("fleet names: containers and network of another fleet carry its name", () => {
  const shop = { fleet: { name: "shop" }, engine };
  assertEquals([containerPrefix(shop), replicaNetwork(shop)], ["shop-", "ringkeeper-shop"]);
});

Deno.test("fleet names: a configured prefix or network is used unchanged", () => {
  const own = { fleet: { name: "shop" }, engine: { containerPrefix: "x.", network: "net" } };
  assertEquals([containerPrefix(own), replicaNetwork(own)], ["x.", "net"]);
});
