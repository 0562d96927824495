import { assertEquals } from "@std/assert";
import { DescriptorBudget, fileRoom, sharedFiles, strikeOutFiles } from "./descriptor_budget.ts";

/** With this few descriptors connections get half. */
const LIMIT = 20;

Deno.test("the room excludes the main thread's reserve, and a part is kept from clients", () => {
  assertEquals(fileRoom(20_000, 3), { all: 19_720, clients: 17_748, api: 1250 });
  assertEquals(fileRoom(20_000, 64), { all: 19_232, clients: 17_308, api: 1250 });
});

Deno.test("with few descriptors connections get half", () => {
  assertEquals(fileRoom(128, 3), { all: 64, clients: 57, api: 8 });
});

Deno.test("an unknown limit is no bound", () => {
  const budget = new DescriptorBudget(sharedFiles(1, 0), 0);
  for (let i = 0; i < 1000; i++) budget.enterClient();
  assertEquals([budget.enterReplica(), budget.hasRoom, budget.clientsFull], [true, true, false]);
});

Deno.test("connections of all workers count, on both sides", () => {
  const files = sharedFiles(2, LIMIT);
  const [a, b] = [new DescriptorBudget(files, 0), new DescriptorBudget(files, 1)];
  for (let i = 0; i < 4; i++) a.enterClient();
  for (let i = 0; i < 5; i++) b.enterClient();
  assertEquals([a.clientsFull, a.hasRoom], [true, true]);
  assertEquals([a.enterReplica(), b.enterReplica(), b.hasRoom], [true, false, false]);
  b.leaveClient();
  assertEquals([a.clientsFull, b.enterReplica(), a.enterReplica()], [false, true, false]);
  b.leaveReplica();
  assertEquals(a.enterReplica(), true);
});

Deno.test("clients of the API's own port have their own room, and count towards the limit", () => {
  const files = sharedFiles(1, 0);
  const [worker, main] = [new DescriptorBudget(files, 0), new DescriptorBudget(files, 1)];
  for (let i = 0; i < LIMIT / 2; i++) main.enterApi();
  for (let i = 0; i < LIMIT / 2; i++) worker.enterClient();
  assertEquals([main.apiRoom, worker.perClient], [Infinity, Infinity]);
  main.spent();
  worker.review();
  assertEquals(fileRoom(LIMIT, 0), { all: 10, clients: 9, api: 8 });
  assertEquals([main.apiRoom, worker.perClient, worker.hasRoom], [8, 5, false]);
  worker.leaveClient();
  assertEquals(worker.hasRoom, true);
});

Deno.test("connections of a crashed worker are counted out", () => {
  const files = sharedFiles(2, LIMIT);
  const [a, b] = [new DescriptorBudget(files, 0), new DescriptorBudget(files, 1)];
  while (a.enterReplica());
  a.wait(3);
  assertEquals([b.waitingElsewhere, b.enterReplica()], [3, false]);
  strikeOutFiles(files, 0);
  assertEquals([b.waitingElsewhere, b.enterReplica()], [0, true]);
});

Deno.test("an unknown limit becomes the number open when it was reached, for all workers", () => {
  const files = sharedFiles(2, 0);
  const [a, b] = [new DescriptorBudget(files, 0), new DescriptorBudget(files, 1)];
  for (let i = 0; i < LIMIT; i++) a.enterClient();
  b.spent();
  a.review();
  assertEquals([a, b].map((one) => [one.clientsFull, one.hasRoom, one.enterReplica()]), [
    [true, false, false],
    [true, false, false],
  ]);
  for (let i = 0; i < LIMIT / 2 + 1; i++) a.leaveClient();
  // The limit is known now: another shortage does not change it.
  b.spent();
  assertEquals([a.enterReplica(), a.enterReplica()], [true, false]);
});

Deno.test("a known limit does not change", () => {
  const budget = new DescriptorBudget(sharedFiles(1, LIMIT), 0);
  budget.enterClient();
  budget.spent();
  assertEquals(budget.enterReplica(), true);
});
