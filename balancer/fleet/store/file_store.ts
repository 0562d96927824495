/**
 * A file that stores the desired state. After a crash at any moment the file holds the old state or
 * the new one. The state before the last save is kept beside it.
 *
 * @module
 */
import { removeFile, syncFolder } from "../../durable_files.ts";
import type { Logger } from "@logtape/logtape";
import { z } from "zod";
import { errorMessage } from "../../failures.ts";
import { parseState, serializeState } from "./saved_state.ts";
import {
  type FleetStore,
  type SavedFleet,
  type SaveResult,
  StoreError,
  type Versioned,
} from "./store.ts";

/** Suffix of the file with the state before the last save. */
const PREVIOUS = ".previous";

/** Suffix of the file that is being written. */
const DRAFT = ".new";

/** A store in a file. Requires permission to read and write its folder, and `--allow-sys=uid`. */
export class FileStore implements FleetStore {
  readonly #path: string;
  readonly #log: Logger;

  /**
   * @param path the file; its folder must exist
   * @param log receives an error if the previous state has to be used
   */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /**
   * Reads the state. If the file is empty or truncated, after a full disk or a loss of power, the
   * previous state is used.
   *
   * @throws {StoreError} neither can be used, or the file holds something else
   */
  async load(): Promise<Versioned | undefined> {
    await requireFolder(this.#path);
    try {
      return await readState(this.#path);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw unusable(this.#path, error);
      return await this.#loadPrevious(error);
    }
  }

  async save(fleet: SavedFleet, epoch: number): Promise<SaveResult> {
    const present = await this.#present();
    if (present !== undefined && present !== "broken" && present.epoch !== epoch) {
      return { done: false };
    }
    const next = { value: fleet, epoch: epoch + 1 };
    const draft = this.#path + DRAFT;
    try {
      await writeThrough(draft, serializeState(next));
      if (present !== undefined && present !== "broken") await keepPrevious(this.#path);
      await Deno.rename(draft, this.#path);
      await syncFolder(folderOf(this.#path));
    } catch (error) {
      await removeFile(draft);
      throw new StoreError(`LB_STATE_FILE: cannot write ${this.#path}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
    return { done: true, epoch: next.epoch };
  }

  async #loadPrevious(fault: SyntaxError): Promise<Versioned | undefined> {
    const path = this.#path + PREVIOUS;
    const previous = await this.#readPrevious(path);
    if (!previous) throw unusable(this.#path, fault);
    this.#log.error(
      "LB_STATE_FILE: {path} is empty or cut off ({error}); the state before the last change is used, from {previous}",
      { path: this.#path, error: fault.message, previous: path },
    );
    return previous;
  }

  async #readPrevious(path: string): Promise<Versioned | undefined> {
    try {
      return await readState(path);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  /** Returns the state in the file now; `broken` if the file holds none. */
  async #present(): Promise<Versioned | "broken" | undefined> {
    try {
      return await readState(this.#path);
    } catch (error) {
      if (error instanceof SyntaxError) return "broken";
      throw unusable(this.#path, error);
    }
  }
}

/** Returns the state in a file; undefined if the file does not exist. */
async function readState(path: string): Promise<Versioned | undefined> {
  try {
    using file = await Deno.open(path);
    const text = await new Response(file.readable).text();
    return parseState(text, await Deno.stat(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function unusable(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const why = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
  return new StoreError(
    `LB_STATE_FILE: ${path} does not hold the state of a fleet; remove it or name another file: ${why}`,
    { cause: error },
  );
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : ".";
}

/** Checks the folder first, so that a missing folder is an error at the start. */
async function requireFolder(path: string): Promise<void> {
  try {
    await Deno.stat(folderOf(path));
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "does not exist"
      : `cannot be used: ${errorMessage(error)}`;
    throw new StoreError(`LB_STATE_FILE: the folder of ${path} ${why}`, { cause: error });
  }
}

/**
 * Writes a file that only its user can read. The sync precedes the rename; otherwise the renamed
 * file could be empty after a loss of power.
 */
async function writeThrough(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true, mode: 0o600 });
  // The file may exist with another mode.
  await Deno.chmod(path, 0o600);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/**
 * Links the present state to its second name before it is replaced; the first name never vanishes.
 */
async function keepPrevious(path: string): Promise<void> {
  const previous = path + PREVIOUS;
  await removeFile(previous);
  try {
    await Deno.link(path, previous);
  } catch (error) {
    // Some file systems have no hard links.
    if (
      !(error instanceof Deno.errors.NotSupported || error instanceof Deno.errors.PermissionDenied)
    ) {
      throw error;
    }
    await Deno.copyFile(path, previous);
  }
}
