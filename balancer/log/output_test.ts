import { assertEquals } from "@std/assert";
import { Output, WAITING_BYTES, type Writable } from "./output.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A pipe whose reader reads when a test says so. */
class Pipe implements Writable {
  text = "";
  /** Longest write that it takes at once. */
  most = Infinity;
  broken = false;
  #reading = Promise.resolve();
  #read = () => {};

  /** Nobody reads from now on. */
  stop(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reading = promise;
    this.#read = resolve;
  }

  /** Somebody reads again. */
  read(): void {
    this.#read();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#reading;
    if (this.broken) throw new Deno.errors.BrokenPipe();
    const part = bytes.subarray(0, this.most);
    this.text += new TextDecoder().decode(part);
    return part.length;
  }
}

/** An output that says itself what was lost, as the log does. */
function outputTo(pipe: Pipe): Output {
  const output: Output = new Output(pipe, (lines) => output.write(bytes(`lost ${lines}\n`)));
  return output;
}

Deno.test("lines come out whole and in their order, however little the pipe takes", async () => {
  const pipe = new Pipe();
  pipe.most = 3;
  const output = outputTo(pipe);
  output.write(bytes("first line\n"));
  assertEquals(await output.pass(bytes("second line\nthird line\n")), true);
  output.write(bytes("fourth line\n"));
  await output.flush(60_000);
  assertEquals(pipe.text, "first line\nsecond line\nthird line\nfourth line\n");
});

Deno.test("nobody reads: what is too much is lost, and told when somebody reads again", async () => {
  const pipe = new Pipe();
  pipe.stop();
  const output = outputTo(pipe);
  const half = `${"x".repeat(WAITING_BYTES / 2 - 1)}\n`;
  for (const _ of [1, 2, 3, 4]) output.write(bytes(half));
  assertEquals(output.lost, 2);
  // Who waits for the end of a piece before the next one has a bound of his own.
  const passed = output.pass(bytes("passed\n"));
  output.miss(40);
  pipe.read();
  assertEquals(await passed, true);
  await output.flush(60_000);
  assertEquals(pipe.text, `${half}${half}passed\nlost 42\n`);
  output.write(bytes("and on\n"));
  await output.flush(60_000);
  assertEquals([output.lost, pipe.text.endsWith("lost 42\nand on\n")], [2, true]);
});

Deno.test("a flush does not wait for a reader who never comes", async () => {
  const pipe = new Pipe();
  pipe.stop();
  const output = outputTo(pipe);
  output.write(bytes("line\n"));
  await output.flush(0);
  assertEquals(pipe.text, "");
  pipe.read();
  await output.flush(60_000);
  assertEquals(pipe.text, "line\n");
});

Deno.test("a reader that is gone costs lines and nothing else; half a line is ended first", async () => {
  const pipe = new Pipe();
  const output = outputTo(pipe);
  pipe.broken = true;
  output.write(bytes("nobody reads this\n"));
  assertEquals(await output.pass(bytes("nor this\n")), false);
  await output.flush(60_000);
  assertEquals([output.lost, pipe.text], [1, ""]);
  pipe.broken = false;
  pipe.most = 4;
  const torn = output.pass(bytes("half a line\n"));
  await Promise.resolve();
  pipe.broken = true;
  assertEquals(await torn, false);
  pipe.broken = false;
  pipe.most = Infinity;
  output.write(bytes("whole\n"));
  await output.flush(60_000);
  assertEquals(pipe.text, "half\nwhole\nlost 1\n");
});
