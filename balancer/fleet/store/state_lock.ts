/**
 * The lock of a state file: one balancer at a time uses the file. The lock is a kernel lock (flock)
 * on a file beside it, so it ends with the process that holds it. On network file systems its reach
 * depends on the file system.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { errorMessage } from "../../failures.ts";
import { StoreError } from "./store.ts";

/** The holder of a lock, as written in the lock file. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When it took the lock, ISO 8601. */
  readonly since: string;
}

/** Options of {@linkcode StateLock.take}. */
interface StateLockOptions {
  /** Path of the state file. */
  readonly path: string;
  readonly log: Logger;
  /** Ask the present holder to end, and wait for it. */
  readonly takeOver: boolean;
}

/** Suffix of the lock file. */
const LOCK = ".lock";

/** Suffix of the file that asks the holder to end. */
const REQUEST = ".take-over";

/** Polling interval of a waiting balancer and of the holder, in milliseconds. */
const LOOK_MS = 250;

/** Longest wait for a holder that was asked to end, in milliseconds. */
const TAKE_OVER_MS = 60_000;

/** A lock that is held. */
export class StateLock implements Disposable {
  /** Id of the lock file: only one process at a time holds the lock of this id. */
  readonly id: string;
  readonly #file: Deno.FsFile;
  readonly #path: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #released = false;

  private constructor(id: string, file: Deno.FsFile, path: string) {
    this.id = id;
    this.#file = file;
    this.#path = path;
  }

  /**
   * Takes the lock.
   *
   * @returns the lock; undefined, with a warning in the log, if the file system has no locks
   * @throws {StoreError} another balancer holds the lock; the message names it
   */
  static async take(options: StateLockOptions): Promise<StateLock | undefined> {
    const { path, log, takeOver } = options;
    const file = await openLock(path);
    try {
      const taken = await file.tryLock(true) || (takeOver && await waitFor(file, options));
      if (!taken) throw held(path, await readHolder(path));
    } catch (error) {
      file.close();
      if (error instanceof StoreError) throw error;
      log.warn(
        "LB_STATE_FILE: {path} cannot be locked, so a second balancer could use it, too: {error}",
        {
          path,
          error: errorMessage(error),
        },
      );
      return undefined;
    }
    await removeFile(path + REQUEST);
    const id = (await readHolder(path))?.id ?? crypto.randomUUID();
    await writeHolder(file, id);
    return new StateLock(id, file, path);
  }

  /**
   * Polls for a request of another balancer to take over.
   *
   * @param onAsked called once, with the balancer that asks
   */
  watch(onAsked: (by: LockHolder) => void): void {
    this.#timer = setInterval(async () => {
      const by = await readJson<LockHolder>(this.#path + REQUEST);
      if (!by || this.#timer === undefined) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      onAsked(by);
    }, LOOK_MS);
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#released) return;
    this.#released = true;
    this.#file.close();
  }
}

/** Returns this process as a lock holder. */
export function thisHolder(): LockHolder {
  return { pid: Deno.pid, host: Deno.hostname(), since: new Date().toISOString() };
}

/** Opens the lock file. A missing folder is reported as an error of LB_STATE_FILE. */
async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path + LOCK, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "does not exist" : errorMessage(error);
    const folder = `LB_STATE_FILE: the folder of ${path} ${why}`;
    throw new StoreError(folder, { cause: error });
  }
}

async function waitFor(file: Deno.FsFile, { path, log }: StateLockOptions): Promise<boolean> {
  const holder = await readHolder(path);
  log.warn("LB_TAKE_OVER: asking the balancer with process id {pid} on {host} to end", {
    pid: holder?.pid,
    host: holder?.host,
  });
  await Deno.writeTextFile(path + REQUEST, JSON.stringify(thisHolder()), { mode: 0o600 });
  const deadline = performance.now() + TAKE_OVER_MS;
  while (performance.now() < deadline) {
    if (await file.tryLock(true)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  await removeFile(path + REQUEST);
  return false;
}

function held(path: string, holder: LockHolder | undefined): StoreError {
  const who = holder
    ? `the balancer with process id ${holder.pid} on ${holder.host}, since ${holder.since}`
    : "another balancer";
  return new StoreError(
    `LB_STATE_FILE: ${path} is in use by ${who}; stop that one, name another file, or take over ` +
      "with LB_TAKE_OVER=true",
  );
}

type Saved = LockHolder & { readonly id: string };

function readHolder(path: string): Promise<Saved | undefined> {
  return readJson<Saved>(path + LOCK);
}

/** Reads JSON. A file that does not exist or is not complete yet counts as absent. */
async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path)) as T;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function writeHolder(file: Deno.FsFile, id: string): Promise<void> {
  const saved: Saved = { id, ...thisHolder() };
  const bytes = new TextEncoder().encode(`${JSON.stringify(saved)}\n`);
  await file.truncate();
  await file.seek(0, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
