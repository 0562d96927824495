import { assertEquals } from "@std/assert";
import { ChildOutput, PassedOn } from "./child_output.ts";
import { NO_FAILURES } from "./testing.ts";
import { systemTest as test } from "../../tools/needs.ts";

/** An output that remembers, as much at a time as it is told to take. */
class Memory {
  text = "";

  constructor(readonly atOnce = Infinity) {}

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.atOnce);
    this.text += new TextDecoder().decode(taken);
    return Promise.resolve(taken.length);
  }
}

function spawn(script: string): Deno.ChildProcess {
  const args = ["-c", script];
  return new Deno.Command("sh", { args, stdout: "piped", stderr: "piped" }).spawn();
}

test("child output: each stream is passed on whole, and the last lines are kept", async () => {
  const [stdout, stderr] = [new Memory(2), new Memory()];
  const outlets = [stdout, stderr].map((memory) => new PassedOn(memory, NO_FAILURES));
  const child = spawn("echo one; echo two >&2; printf three");
  const output = new ChildOutput(child, [outlets[0]!, outlets[1]!], NO_FAILURES);
  await output.ended;
  assertEquals([stdout.text, stderr.text], ["one\nthree", "two\n"]);
  assertEquals(output.lines.toSorted(), ["one", "three", "two"]);
  await child.status;
});

test("child output: an output that takes no more is told once and stops no child", async () => {
  const told: string[] = [];
  const broken = { write: () => Promise.reject(new Deno.errors.BrokenPipe()) };
  const outlet = new PassedOn(broken, { record: (action) => void told.push(action) });
  const child = spawn("yes | head -c 1000000; echo; echo end");
  const output = new ChildOutput(child, [outlet, outlet], NO_FAILURES);
  await output.ended;
  assertEquals((await child.status).code, 0);
  assertEquals([told, output.lines.at(-1)], [["process.output"], "end"]);
});

test("child output: nothing more is read while an output has not taken what was", async () => {
  let [underWay, most, lengths] = [0, 0, 0];
  const slow = {
    write: async (bytes: Uint8Array) => {
      most = Math.max(most, ++underWay);
      lengths += bytes.length;
      await new Promise((wake) => setTimeout(wake));
      underWay--;
      return bytes.length;
    },
  };
  const outlet = new PassedOn(slow, NO_FAILURES);
  const child = spawn("yes | head -c 200000");
  await new ChildOutput(child, [outlet, outlet], NO_FAILURES).ended;
  assertEquals([most, lengths], [1, 200_000]);
  await child.status;
});

test("child output: a closed one reads no more, whoever still holds the pipe", async () => {
  const outlet = new PassedOn(new Memory(), NO_FAILURES);
  const child = spawn("exec sleep 1000");
  const output = new ChildOutput(child, [outlet, outlet], NO_FAILURES);
  await output.close();
  await output.ended;
  child.kill("SIGKILL");
  await child.status;
});
