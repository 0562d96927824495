import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { run } from "../../tools/command.ts";
import { systemTest } from "../../tools/test/needs.ts";
import { MACHINE_TESTS_IGNORED, Machines, MACHINES_LACK } from "./machines.ts";
import { waitUntil } from "./machines/wait.ts";

const ignore = MACHINE_TESTS_IGNORED;
const reason = ignore ? ` (ignored: needs ${MACHINES_LACK})` : "";

/** Runs a command on this machine. */
async function output(program: string, ...args: string[]): Promise<string> {
  return (await run(program, args)).stdout;
}

systemTest({
  name: `machines form a swarm, lose power and cable, and leave nothing${reason}`,
  ignore,
  fn: async () => {
    const machines = await Machines.start(2);
    const [first, second] = [machines.nameOf(1), machines.nameOf(2)];
    const stateOf = async (name: string) =>
      await machines.docker(
        1,
        "node",
        "inspect",
        name,
        "--format",
        "{{.ManagerStatus.Reachability}}",
      );
    try {
      const nodes = await machines.docker(1, "node", "ls", "--format", "{{.Hostname}}");
      assertEquals(nodes.split("\n").sort(), [first, second]);
      assertMatch(await output("ip", "netns", "list"), new RegExp(second));

      await machines.cut(2);
      assertEquals((await run("ping", ["-c1", "-W1", machines.addressOf(2)])).code === 0, false);
      await machines.join(2);
      await waitUntil(
        "the second machine is back",
        async () => await stateOf(second) === "reachable",
      );

      await machines.off(2);
      await assertRejects(() => machines.docker(2, "version"));
      await machines.boot(2);
      await waitUntil(
        "the second machine has booted",
        async () => await stateOf(second) === "reachable",
      );
    } finally {
      await machines[Symbol.asyncDispose]();
    }
    assertEquals((await output("ip", "netns", "list")).includes(first.slice(0, -2)), false);
    assertEquals((await output("ip", "link")).includes(first.slice(0, -2)), false);
  },
});
