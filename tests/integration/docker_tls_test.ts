import { assertEquals, assertMatch } from "@std/assert";
import { must } from "../../balancer/engine/docker_harness.ts";
import { Balancer } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { Authority } from "../harness/tls_upstreams.ts";
import { dockerTest } from "./harness/docker_fleet.ts";

dockerTest("containers that speak TLS are healed under load", async (fleet) => {
  await using authority = await Authority.make();
  const { folder } = authority;
  await authority.files("replica", ["replicas.test"]);
  await Deno.copyFile("tests/testdata/tls_replica.ts", `${folder}/replica.js`);
  // The container's user reads them.
  await Deno.chmod(folder, 0o755);
  for (const name of ["replica.pem", "replica.key", "replica.js"]) {
    await Deno.chmod(`${folder}/${name}`, 0o644);
  }
  await using balancer = await Balancer.ready({
    ...fleet.env,
    LB_REPLICA_COMMAND: "deno run --quiet --no-config --allow-net --allow-read=/pairs " +
      "--allow-env=LISTEN,PAIRS,PORT,SERVER_NAME /pairs/replica.js",
    LB_REPLICA_ENV: JSON.stringify({ LISTEN: "0.0.0.0", PAIRS: "/pairs" }),
    LB_REPLICA_OPTIONS: JSON.stringify({ volumes: [`${folder}:/pairs:ro`] }),
    LB_HEALTH_PATH: "/",
    LB_HEARTBEAT_TIMEOUT_MS: "5000",
    LB_UPSTREAM_TLS: "on",
    LB_UPSTREAM_TLS_CA: `${folder}/ca.pem`,
    LB_UPSTREAM_TLS_NAME: "replicas.test",
  });
  const load = new Load(`${balancer.url}/home`, 4);
  const victim = await balancer.replica("Server2");
  assertMatch(victim?.address ?? "", /^https:/);
  await must("POST", `/containers/${victim?.instance}/kill`);
  await balancer.until(({ ready, replicas }) => {
    const healed = replicas.find(({ name }) => name === "Server2");
    return ready === 3 && healed?.instance !== victim?.instance;
  });
  const { failed, served } = await load.stop();
  assertEquals(failed, []);
  assertEquals(served.size, 3);
});
