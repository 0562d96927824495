import { MACHINE_TESTS_IGNORED, Machines } from "../../tests/harness/machines.ts";
import { testEngine } from "./conformance.ts";
import { IMAGE } from "./docker_harness.ts";
import { swarmHarness } from "./swarm_harness.ts";

/** One machine for all cases, booted by the first one. */
let machines: Promise<Machines> | undefined;

Deno.test.afterAll(async () => {
  await (await machines)?.[Symbol.asyncDispose]();
});

testEngine("engine swarm", async () => {
  machines ??= Machines.start(1, [IMAGE]);
  return swarmHarness(await machines);
}, { ignore: MACHINE_TESTS_IGNORED });
