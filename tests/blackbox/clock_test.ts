import { assert, assertEquals } from "@std/assert";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

/**
 * The dynamic linker and Debian's `faketime` library. The linker preloads the library into the
 * balancer alone: with `LD_PRELOAD` in its environment Deno would start no process.
 */
const PLATFORMS = [
  ["/lib64/ld-linux-x86-64.so.2", "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"],
  ["/lib/ld-linux-aarch64.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"],
] as const;

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const FOUND = PERMITTED ? PLATFORMS.find((files) => files.every(exists)) : undefined;

/** A service that names its own interpreter: the balancer would take the linker for Deno. */
const COMMAND = `${Deno.execPath()} run --quiet --no-prompt --allow-net ` +
  "--allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION " +
  new URL("../testdata/mortal.ts", import.meta.url).pathname;

/** The wall clock of one balancer. */
class WallClock implements Disposable {
  readonly #file = Deno.makeTempFileSync();

  constructor() {
    this.set("+0");
  }

  /** The command that runs a program with this clock. */
  get launcher(): readonly string[] {
    const [linker = "", library = ""] = FOUND ?? [];
    return [linker, "--preload", library];
  }

  /** Monotonic time is unchanged: setting the date does not affect it. */
  get env(): Record<string, string> {
    return {
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** @param offset from the real time, such as `-1h` */
  set(offset: string): void {
    Deno.writeTextFileSync(this.#file, `${offset}\n`);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#file);
  }
}

test({
  name: "with the wall clock set back an hour replicas are healed, added and deployed as before " +
    "(needs the package faketime)",
  ignore: FOUND === undefined,
  fn: async () => {
    using clock = new WallClock();
    await using balancer = await Balancer.ready(
      {
        LB_ENGINE: "process",
        LB_REPLICAS: "2",
        LB_REPLICA_COMMAND: COMMAND,
        LB_RESTART_BACKOFF_MS: "3000",
        LB_HEALTHY_SPELL_MS: "60000",
        ...clock.env,
      },
      undefined,
      clock.launcher,
    );
    for (let kills = 1; kills <= 3; kills++) {
      const { replicas } = await balancer.until(({ ready }) => ready === 2);
      await signal(pidOf(replicas[0]), "KILL");
      await balancer.until(({ replicas }) => replicas[0]?.restarts === kills);
    }
    const { replicas: [waiting] } = await balancer.until(({ replicas }) =>
      replicas[0]?.nextStart !== null
    );
    clock.set("-1h");
    // The date of the next start follows the wall clock, and the start does not wait for it.
    await balancer.until(({ replicas: [one] }) => {
      const moved = Date.parse(waiting?.nextStart ?? "") - Date.parse(one?.nextStart ?? "");
      return one?.state === "ready" || Math.abs(moved - 3_600_000) < 1000;
    });
    await balancer.until(({ ready }) => ready === 2);
    const { status } = await balancer.call("POST", "/add", { n: 1, hostnames: ["S4"] });
    assertEquals(status, 200);
    const since = (await balancer.replica("S4"))?.since ?? "";
    assert(Math.abs(Date.parse(since) - (Date.now() - 3_600_000)) < 60_000, since);
    const response = await balancer.fetch("/_lb/deploy", {
      method: "POST",
      headers: await balancer.bearer(),
      body: JSON.stringify({ command: `env VERSION=2 ${COMMAND}`, minReadyMs: 200 }),
    });
    assert((await response.text()).includes('{"step":"done"}'));
  },
});
