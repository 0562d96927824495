import { assertEquals } from "@std/assert";
import type { ReplicaStatus, Status } from "../../answers/fleet.ts";
import { differenceOf } from "./status_changes.ts";

function replica(name: string, changes: Partial<ReplicaStatus> = {}): ReplicaStatus {
  return { name, state: "ready", restarts: 0, lastError: null, ...changes } as ReplicaStatus;
}

function status(replicas: readonly ReplicaStatus[], changes: Partial<Status> = {}): Status {
  return { version: 1, engineUp: true, failures: {}, ...changes, replicas } as unknown as Status;
}

Deno.test("without an earlier status the difference is the whole", () => {
  const replicas = [replica("a"), replica("b")];
  assertEquals(differenceOf(undefined, status(replicas)), {
    fields: { version: 1, engineUp: true, failures: {} } as Partial<Status>,
    replicas,
    order: ["a", "b"],
  });
});

Deno.test("equal statuses have no difference, whichever objects they consist of", () => {
  const lastError = () => ({ at: "2026-11-23T20:00:00Z", message: "refused" });
  const made = () => status([replica("a", { lastError: lastError() })], { failures: { probe: 1 } });
  assertEquals(differenceOf(made(), made()), undefined);
});

Deno.test("a change names only the replicas and the fields that differ", () => {
  const before = status([replica("a"), replica("b")]);
  const down = replica("b", { state: "down", lastError: { at: "x", message: "refused" } });
  const after = status([replica("a"), down], { version: 2 });
  assertEquals(differenceOf(before, after), { fields: { version: 2 }, replicas: [down] });
});

Deno.test("replicas that join, leave or change places send the new order", () => {
  const before = status([replica("a"), replica("b")]);
  const nothing = { fields: {}, replicas: [] };
  const c = replica("c");
  assertEquals(differenceOf(before, status([replica("b")])), { ...nothing, order: ["b"] });
  assertEquals(differenceOf(before, status([replica("b"), replica("a")])), {
    ...nothing,
    order: ["b", "a"],
  });
  assertEquals(differenceOf(before, status([replica("a"), replica("b"), c])), {
    fields: {},
    replicas: [c],
    order: ["a", "b", "c"],
  });
});
