import { assertEquals } from "@std/assert";
import { MaintenanceSwitch } from "./maintenance.ts";

const STATE = { message: "soon", retryAfterS: 60, allow: [], reason: "maintenance" as const };
const client = { origin: "192.0.2.1" };

Deno.test("while it is on, every client but an allowed one is answered 503", () => {
  const maintenance = new MaintenanceSwitch();
  assertEquals([maintenance.on, maintenance.answer(client)], [false, undefined]);
  maintenance.set(STATE, { has: (address) => address === "192.0.2.2" });
  assertEquals(maintenance.on, true);
  assertEquals(maintenance.answer(client), {
    reason: "maintenance",
    status: 503,
    message: "soon",
    retryAfterS: 60,
    page: "maintenance",
  });
  assertEquals(maintenance.answer({ origin: "192.0.2.2" }), undefined);
  maintenance.set({ ...STATE, reason: "isolated" }, { has: () => false });
  assertEquals(maintenance.answer(client)?.reason, "isolated");
  assertEquals(maintenance.answer(client)?.page, undefined);
  maintenance.set(undefined, { has: () => false });
  assertEquals([maintenance.on, maintenance.answer(client)], [false, undefined]);
});
