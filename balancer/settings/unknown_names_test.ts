import { assertEquals } from "@std/assert";
import { SETTINGS } from "./settings.ts";
import { unknownNameFaults } from "./unknown_names.ts";

const NAMES = Object.keys(SETTINGS);

Deno.test("a misspelt setting is a fault that suggests the nearest name", () => {
  const meant = {
    LB_PROT: "LB_PORT",
    LB_REPLICA: "LB_REPLICAS",
    LB_HARTBEAT_MS: "LB_HEARTBEAT_MS",
    LB_ADMINTOKEN: "LB_ADMIN_TOKEN",
    LB_port: "LB_PORT",
    LB_HOLD_MILLIS: "LB_HOLD_MS",
  };
  for (const [name, nearest] of Object.entries(meant)) {
    assertEquals(unknownNameFaults([name], NAMES), [
      `${name}: no setting has this name; did you mean ${nearest}?`,
    ]);
  }
});

Deno.test("a variable that resembles no setting is a fault that names the list of settings", () => {
  assertEquals(unknownNameFaults(["LB_XYLOPHONE_QUARTET"], NAMES), [
    "LB_XYLOPHONE_QUARTET: no setting has this name; docs/reference/settings.md lists all settings",
  ]);
});

Deno.test("a setting of an earlier version is a fault that says its new name", () => {
  assertEquals(unknownNameFaults(["LB_TUNNEL_TIMEOUT_MS", "LB_DOCKER_SOCKET"], NAMES), [
    "LB_DOCKER_SOCKET: is now called LB_DOCKER_HOST",
    "LB_TUNNEL_TIMEOUT_MS: is now called LB_STREAM_IDLE_MS",
  ]);
});

Deno.test("settings, variables of the tests and variables of other programs are no faults", () => {
  assertEquals(unknownNameFaults([...NAMES, "LB_TEST_DOCKER", "HOME", "LBX"], NAMES), []);
});
