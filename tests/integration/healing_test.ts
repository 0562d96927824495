import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { waitFor } from "../../balancer/engine/testing.ts";
import { Balancer, pidOf, processExists, signal } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

test("a killed replica comes back under its name, and no request fails meanwhile", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const before = await balancer.status();
  const victim = before.replicas.find(({ name }) => name === "Server2");
  const load = new Load(`${balancer.url}/home`, 8);
  await signal(pidOf(victim), "KILL");
  const after = await balancer.until((status) =>
    status.ready === 3 && status.replicas.some(({ restarts }) => restarts === 1)
  );
  const { failed, served } = await load.stop();
  assertEquals(failed, []);
  assert(served.size >= 2);
  assertEquals(after.digest, before.digest);
  const healed = after.replicas.find(({ name }) => name === "Server2");
  assertNotEquals(healed?.instance, victim?.instance);
});

test("a hung replica is found by its heartbeat and replaced", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_HEARTBEAT_MS: "200",
    LB_HEARTBEAT_TIMEOUT_MS: "1000",
  });
  const pid = pidOf(await balancer.replica("Server3"));
  await signal(pid, "STOP");
  const { replicas } = await balancer.until(({ ready, replicas }) =>
    ready === 3 && replicas.some(({ name, restarts }) => name === "Server3" && restarts > 0)
  );
  assertNotEquals(pidOf(replicas.find(({ name }) => name === "Server3")), pid);
  // The old process ends after its replacement has started.
  await waitFor("the end of the hung process", async () => !(await processExists(pid)));
});

test("replicas come and go twenty times five under requests that only replicas answer", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const load = new Load(`${balancer.url}/home`, 4);
  for (let round = 0; round < 20; round++) {
    assertEquals((await balancer.call("POST", "/add", { n: 5 })).status, 200);
    assertEquals((await balancer.call("DELETE", "/rm", { n: 5 })).status, 200);
  }
  const { failed, served } = await load.stop();
  assertEquals(failed, []);
  assert(served.size > 3, `only ${[...served.keys()]} answered`);
});

test("no replica outlives a balancer that is killed", async () => {
  const balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const pids = (await balancer.status()).replicas.map(pidOf);
  await balancer.end("SIGKILL");
  for (const pid of pids) await waitFor("its end", async () => !(await processExists(pid)));
});

for (const name of ["SIGTERM", "SIGINT"] as const) {
  test(`on ${name} the balancer finishes requests, stops its replicas and ends with 0`, async () => {
    const balancer = await Balancer.ready({ LB_ENGINE: "process" });
    const pids = (await balancer.status()).replicas.map(pidOf);
    const { code, output } = await balancer.end(name);
    assertEquals(code, 0, output);
    for (const pid of pids) assertFalse(await processExists(pid));
  });
}

test("a replica that cannot live is started ever more rarely, and the status says why", async () => {
  await using balancer = await Balancer.start({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_REPLICA_COMMAND: "sh -c 'exit 7'",
    LB_RESTART_BACKOFF_MS: "60000",
    LB_RESTART_BACKOFF_MAX_MS: "60000",
  });
  const { replicas } = await balancer.until(({ replicas }) =>
    replicas[0]?.state === "waiting" && (replicas[0]?.restarts ?? 0) >= 3
  );
  assertEquals([replicas[0]?.restarts, replicas[0]?.lastError?.message], [3, "exit code 7"]);
});

test("any program can be the replica: python3's http.server answers through the balancer", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "2",
    LB_REPLICA_COMMAND: "python3 -m http.server $PORT --bind $HOST",
    LB_HEALTH_PATH: "/",
  });
  const response = await balancer.fetch("/deno.json");
  assertEquals(response.status, 200);
  assert((await response.json()).imports);
  await signal(pidOf(await balancer.replica("Server1")), "KILL");
  await balancer.until(({ ready, replicas }) =>
    ready === 2 && replicas.some(({ restarts }) => restarts === 1)
  );
});
