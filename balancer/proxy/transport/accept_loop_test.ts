import { assertEquals } from "@std/assert";
import { acceptAll, type AcceptHandler } from "./accept_loop.ts";

/** A listener with scripted results, closed after the last one. */
class Script {
  readonly served: string[] = [];
  readonly failed: string[] = [];
  pauses = 0;
  #answers: (Error | string)[];
  #closed = false;

  constructor(...answers: (Error | string)[]) {
    this.#answers = answers;
  }

  accept(): Promise<string> {
    const answer = this.#answers.shift();
    if (answer === undefined) this.#closed = true;
    return typeof answer === "string" ? Promise.resolve(answer) : Promise.reject(answer);
  }

  run(more: Partial<AcceptHandler<string>> = {}): Promise<void> {
    return acceptAll<string>(this, {
      serve: (connection) => Promise.resolve(void this.served.push(connection)),
      onServeError: (error) => this.failed.push(`serve: ${error}`),
      onAcceptError: (error) => this.failed.push(String(error)),
      onOutOfFiles: () => this.pauses++,
      closed: () => this.#closed,
      ...more,
    });
  }
}

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Number of timers that were started while `run` ran. */
async function timersDuring(run: () => Promise<void>): Promise<number> {
  const original = globalThis.setTimeout;
  let timers = 0;
  globalThis.setTimeout = ((...args: Parameters<typeof original>) => {
    timers++;
    return original(...args);
  }) as typeof original;
  try {
    await run();
  } finally {
    globalThis.setTimeout = original;
  }
  return timers;
}

Deno.test("a connection that broke before it was accepted causes no pause", async () => {
  const reset = withCode("ENOTCONN");
  const script = new Script(...Array(200).fill(reset), "a", withCode("ECONNABORTED"), "b");
  assertEquals(await timersDuring(() => script.run()), 0);
  assertEquals([script.served, script.failed.length, script.pauses], [["a", "b"], 201, 0]);
});

Deno.test("many such connections in a row yield to other work of the thread", async () => {
  const script = new Script(...Array(1000).fill(withCode("ENOTCONN")), "a");
  assertEquals(await timersDuring(() => script.run()), 3);
  assertEquals(script.served, ["a"]);
});

Deno.test("without free file descriptors the loop pauses, and resumes", async () => {
  const script = new Script("a", withCode("EMFILE"), "b", withCode("ENFILE"), "c");
  assertEquals(await timersDuring(() => script.run()), 2);
  assertEquals([script.served, script.pauses], [["a", "b", "c"], 2]);
});

Deno.test("a connection that cannot be served does not end the others", async () => {
  const script = new Script("a", "b");
  await script.run({ serve: () => Promise.reject(new Error("broken")) });
  assertEquals(script.failed, ["serve: Error: broken", "serve: Error: broken"]);
});
