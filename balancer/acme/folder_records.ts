/**
 * Records as files of one folder that only the balancer's user can read.
 *
 * @module
 */
import { removeFile, syncFolder } from "../durable_files.ts";
import { errorMessage } from "../failures.ts";
import type { Records } from "./records.ts";

/** Keeps records in a folder of one balancer: `NAME.json`, mode 0600. */
export class FolderRecords implements Records {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens the folder, and makes it if needed.
   *
   * @param folder its path
   * @throws {Error} it cannot be made
   */
  static async open(folder: string): Promise<FolderRecords> {
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      // The folder may have been made with another mode.
      await Deno.chmod(folder, 0o700);
    } catch (error) {
      throw new Error(
        `LB_TLS_HOSTS: the folder ${folder} for the account and the certificates cannot be made: ` +
          `${errorMessage(error)}; LB_STATE_FILE sets its place`,
        { cause: error },
      );
    }
    return new FolderRecords(folder);
  }

  async load(name: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(this.placeOf(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async save(name: string, text: string): Promise<void> {
    const draft = `${this.#folder}/.draft-${crypto.randomUUID()}`;
    try {
      await writeDraft(draft, text);
      await Deno.rename(draft, this.placeOf(name));
    } finally {
      await removeFile(draft);
    }
    await syncFolder(this.#folder);
  }

  async setAside(name: string): Promise<string> {
    const aside = `${this.placeOf(name)}.unusable`;
    await Deno.rename(this.placeOf(name), aside);
    return aside;
  }

  placeOf(name: string): string {
    return `${this.#folder}/${name}.json`;
  }

  /** The folder has one owner, so no other process changes it. */
  watch(): () => void {
    return () => {};
  }
}

async function writeDraft(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}
