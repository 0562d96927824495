/**
 * A file that keeps the desired state of a fleet. A crash at any moment leaves the old state or the
 * new one, never half of it; the state before the last save stays beside it.
 *
 * @module
 */
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

/** Ends the name of the state before the last one. */
const PREVIOUS = ".previous";

/** Ends the name of a state that is being written. */
const DRAFT = ".new";

/** A store in a file. Needs leave to read and write its folder, and `--allow-sys=uid`. */
export class FileStore implements FleetStore {
  readonly #path: string;
  readonly #log: Logger;

  /**
   * @param path the file; its folder has to exist
   * @param log receives an error where the previous state has to be used
   */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /**
   * Reads the state. A file that is empty or cut off, after a full disk or a loss of power, is
   * passed over for the state before it.
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
      await syncFolder(this.#path);
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

  /** What is in the file now; `broken` where that is no state. */
  async #present(): Promise<Versioned | "broken" | undefined> {
    try {
      return await readState(this.#path);
    } catch (error) {
      if (error instanceof SyntaxError) return "broken";
      throw unusable(this.#path, error);
    }
  }
}

/** The state in a file; undefined where there is no file. */
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

/** Looks for its folder first: that it cannot be written has to show at the start. */
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

/** Only its user may read or change it. Renamed before it is synced, it could be found empty. */
async function writeThrough(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true, mode: 0o600 });
  // The file may be an old one, of another mode.
  await Deno.chmod(path, 0o600);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** A second name for the state that is about to be replaced; the first one stays all the time. */
async function keepPrevious(path: string): Promise<void> {
  const previous = path + PREVIOUS;
  await removeFile(previous);
  try {
    await Deno.link(path, previous);
  } catch (error) {
    // Some file systems have no second names.
    if (
      !(error instanceof Deno.errors.NotSupported || error instanceof Deno.errors.PermissionDenied)
    ) {
      throw error;
    }
    await Deno.copyFile(path, previous);
  }
}

/** After a loss of power the folder may otherwise still name the old file. */
async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(folderOf(path));
  await folder.sync();
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
