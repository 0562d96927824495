/**
 * Shared values as files of one folder: `NAME.EPOCH`. The value in force is the file with the
 * highest epoch.
 *
 * A save writes a draft and links it to the name of the next epoch. `link` fails if that name exists
 * (POSIX, also over NFS), so of several writers exactly one wins. No lock is held at any time: a
 * balancer that is stopped in the middle of a save cannot block the others.
 *
 * @module
 */
import { removeFile, syncFolder } from "../durable_files.ts";
import { errorMessage, type FailureLog } from "../failures.ts";
import { isOpenToOthers, OTHERS, ownerText } from "../file_owner.ts";
import { FolderWatch } from "./folder_watch.ts";
import {
  ABSENT,
  type SharedStore,
  type SharedStores,
  type StoredValue,
  type SwapResult,
} from "./shared_store.ts";

/** The folder of the shared store cannot be used. */
export class SharedFolderError extends Error {
  override readonly name = "SharedFolderError";
}

/** Number of epochs of a value that are kept; see {@linkcode FileStores.open}. */
const KEPT = 16;

/** Attempts to read a value whose files are replaced meanwhile. */
const TRIES = 20;

/** A file of a value: one line that chains it to the file before it, then the value. */
interface Link {
  /** Unique for each save. */
  readonly id: string;
  /** Id of the replaced file; empty if there was none. */
  readonly after: string;
}

/** Values in a folder that all balancers of the fleet can write. */
export class FileStores implements SharedStores {
  readonly #folder: string;
  readonly #watch: FolderWatch;

  private constructor(folder: string, failures: FailureLog) {
    this.#folder = folder;
    this.#watch = new FolderWatch({ folder, scan: () => this.#epochs(), failures });
  }

  /**
   * Opens the store.
   *
   * @param folder an existing folder of the balancers' user that no other user can write
   * @param failures records failed scans of the folder
   * @throws {SharedFolderError} the folder cannot be used
   */
  static async open(folder: string, failures: FailureLog): Promise<FileStores> {
    await requireFolder(folder);
    return new FileStores(folder, failures);
  }

  open(name: string, { volatile = false } = {}): SharedStore {
    return {
      load: async () => (await this.#load(name))?.stored,
      save: (value, epoch) => this.#save(name, value, epoch, volatile),
      watch: (onChange) => this.watchAll((changed) => changed === name && onChange()),
    };
  }

  async names(): Promise<readonly string[]> {
    return [...(await this.#epochs()).keys()];
  }

  async remove(name: string): Promise<void> {
    const epochs = (await this.#files()).get(name) ?? [];
    // The highest one last: until then the value in force stays the same.
    for (const epoch of epochs.sort((a, b) => a - b)) await this.#unlink(name, epoch);
  }

  watchAll(onChange: (name: string) => void): () => void {
    return this.#watch.add(onChange);
  }

  close(): void {
    this.#watch.close();
  }

  async #load(
    name: string,
  ): Promise<{ readonly stored: StoredValue; readonly link: Link } | undefined> {
    for (let tries = 1;; tries++) {
      const epoch = (await this.#epochs()).get(name);
      if (epoch === undefined) return undefined;
      const read = await this.#read(name, epoch);
      if (read) return { stored: { value: read.value, epoch }, link: read.link };
      if (tries === TRIES) throw new SharedFolderError(`${this.#folder}: ${name} changes too fast`);
    }
  }

  /**
   * A writer that was stopped for a long time may link an epoch whose file was removed meanwhile.
   * The next epoch then exists and is chained to another file, which shows that this save lost.
   */
  async #save(
    name: string,
    value: string,
    epoch: number,
    volatile: boolean,
  ): Promise<SwapResult> {
    const present = await this.#load(name);
    if ((present?.stored.epoch ?? ABSENT) !== epoch) return { done: false };
    const next = epoch + 1;
    const link = { id: crypto.randomUUID(), after: present?.link.id ?? "" };
    const text = `${JSON.stringify(link)}\n${value}`;
    if (!await this.#link(name, next, text, volatile)) return { done: false };
    const highest = (await this.#epochs()).get(name) ?? next;
    if (highest > next && !await this.#follows(name, next, link)) return { done: false };
    await this.#removeOld(name, next);
    return { done: true, epoch: next };
  }

  /** @returns whether the file of the next epoch is chained to this one; the loser is removed */
  async #follows(name: string, epoch: number, { id }: Link): Promise<boolean> {
    const later = await this.#read(name, epoch + 1);
    if (!later) {
      throw new SharedFolderError(`${this.#folder}: cannot tell whether ${name} was saved`);
    }
    if (later.link.after === id) return true;
    await this.#unlink(name, epoch);
    return false;
  }

  /** @returns false if the epoch exists already */
  async #link(name: string, epoch: number, text: string, volatile: boolean): Promise<boolean> {
    const draft = `${this.#folder}/.draft-${crypto.randomUUID()}`;
    try {
      await writeDraft(draft, text, !volatile);
      await Deno.link(draft, this.#path(name, epoch));
      if (!volatile) await syncFolder(this.#folder);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw error;
    } finally {
      await removeFile(draft);
    }
  }

  async #read(
    name: string,
    epoch: number,
  ): Promise<{ readonly link: Link; readonly value: string } | undefined> {
    try {
      const text = await Deno.readTextFile(this.#path(name, epoch));
      const end = text.indexOf("\n");
      return { link: JSON.parse(text.slice(0, end)), value: text.slice(end + 1) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      const path = this.#path(name, epoch);
      throw new SharedFolderError(`${path} does not hold a value: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  /** The highest epoch of each value. */
  async #epochs(): Promise<Map<string, number>> {
    const files = await this.#files();
    return new Map([...files].map(([name, epochs]) => [name, Math.max(...epochs)]));
  }

  async #files(): Promise<Map<string, number[]>> {
    const files = new Map<string, number[]>();
    for await (const { name: file } of Deno.readDir(this.#folder)) {
      const [, name, epoch] = /^([a-z0-9-]+)\.(\d{1,15})$/.exec(file) ?? [];
      if (name === undefined) continue;
      const epochs = files.get(name) ?? [];
      epochs.push(Number(epoch));
      files.set(name, epochs);
    }
    return files;
  }

  async #removeOld(name: string, epoch: number): Promise<void> {
    const epochs = (await this.#files()).get(name) ?? [];
    for (const old of epochs) if (old <= epoch - KEPT) await this.#unlink(name, old);
  }

  #unlink(name: string, epoch: number): Promise<void> {
    return removeFile(this.#path(name, epoch));
  }

  #path(name: string, epoch: number): string {
    return `${this.#folder}/${name}.${epoch}`;
  }
}

/** Other users that can write the state could start containers. */
async function requireFolder(folder: string): Promise<void> {
  const info = await Deno.stat(folder).catch((error) => {
    const why = error instanceof Deno.errors.NotFound ? "does not exist" : errorMessage(error);
    throw new SharedFolderError(`LB_STORE: the folder ${folder} ${why}`, { cause: error });
  });
  if (!info.isDirectory) throw new SharedFolderError(`LB_STORE: ${folder} is not a folder`);
  if (!isOpenToOthers(info, OTHERS.write)) return;
  throw new SharedFolderError(
    `LB_STORE: the folder ${folder} must belong to the balancer's user ${Deno.uid()}, and no ` +
      `other user may write it (mode 0700 or 0755); it has ${ownerText(info)}`,
  );
}

/** Only the balancers' user can read the draft. */
async function writeDraft(path: string, text: string, durable: boolean): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  if (durable) await file.sync();
}
