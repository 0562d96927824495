import { assertEquals } from "@std/assert";
import { Output, WAITING_BYTES, type Writable } from "./output.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A pipe whose reader is controlled by the test. */
class Pipe implements Writable {
  text = "";
  /** Largest write that the pipe accepts at once. */
  most = Infinity;
  broken = false;
  #reading = Promise.resolve();
  #read = () => {};

  /** Stops the reader. */
  stop(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reading = promise;
    this.#read = resolve;
  }

  /** Resumes the reader. */
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

/** An output that writes a line about lost lines, as the log does. */
function outputTo(pipe: Pipe): Output {
  const output: Output = new Output(pipe, (lines) => output.write(bytes(`lost ${lines}\n`)));
  return output;
}

Deno.test("lines come out whole and in order, however little the pipe takes", async () => {
  const pipe = new Pipe();
  pipe.most = 3;
  const output = outputTo(pipe);
  output.write(bytes("first line\n"));
  assertEquals(await output.pass(bytes("second line\nthird line\n")), true);
  output.write(bytes("fourth line\n"));
  await output.flush(60_000);
  assertEquals(pipe.text, "first line\nsecond line\nthird line\nfourth line\n");
});

Deno.test("with a stopped reader, lines beyond the limit are lost, and reported when it resumes", async () => {
  const pipe = new Pipe();
  pipe.stop();
  const output = outputTo(pipe);
  const half = `${"x".repeat(WAITING_BYTES / 2 - 1)}\n`;
  for (const _ of [1, 2, 3, 4]) output.write(bytes(half));
  assertEquals(output.lost, 2);
  // A producer that waits for each piece is bounded by that.
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

Deno.test("a flush does not wait for a stopped reader beyond its deadline", async () => {
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

Deno.test("a closed reader costs lines and nothing else; half a line is ended first", async () => {
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
