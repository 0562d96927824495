import { assertEquals } from "@std/assert";
import { machineLines } from "./machine_lines.ts";
import { NO_PAINT } from "./paint.ts";

const LOOK = { paint: NO_PAINT, width: Infinity };

Deno.test("machines are shown with their replicas and spares", () => {
  const machines = [
    { name: "web1", state: "ready", availability: "active", replicas: ["Server1"], spares: [] },
    { name: "web2", state: "down", availability: "drain", replicas: [], spares: ["spare.1"] },
  ] as const;
  assertEquals(machineLines({ machines }, LOOK), [
    "MACHINE  STATE  AVAILABILITY  REPLICAS  SPARES",
    "web1     ready  active        Server1   –",
    "web2     down   drain         –         spare.1",
  ]);
});

Deno.test("an engine of one machine says so", () => {
  assertEquals(machineLines({ machines: [] }, LOOK), ["this engine has one machine only"]);
});
