/**
 * The files of the page, as `deno task build:page` built them.
 *
 * @module
 */
import { gzipSync } from "node:zlib";

/** A file that browsers load. */
export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same content, compressed. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** A missing file was not built, or its name belongs to another build. */
export class Assets {
  readonly #folder: URL;
  readonly #kept = new Map<string, Asset>();

  /** @param folder folder of the built files */
  constructor(folder: URL = new URL("./dist/", import.meta.url)) {
    this.#folder = folder;
  }

  /**
   * Returns a file by its name; the first use reads and compresses it.
   *
   * @param name name of a file, without a folder
   * @returns undefined if no file has that name
   */
  async find(name: string): Promise<Asset | undefined> {
    const type = TYPES[name.split(".").at(-1) ?? ""];
    // Letters, digits, - and single dots: no name leads out of the folder.
    if (type === undefined || !/^[\w-]+(?:\.[\w-]+)+$/.test(name)) return undefined;
    const kept = this.#kept.get(name) ?? await this.#read(name, type);
    if (kept) this.#kept.set(name, kept);
    return kept;
  }

  /**
   * Returns a page with a part that is generated at runtime.
   *
   * @param name name of a file that contains `<!-- content -->` in place of that part
   * @param content HTML
   */
  async fill(name: string, content: string): Promise<Asset | undefined> {
    const asset = await this.find(name);
    if (!asset) return undefined;
    const [before = "", after = ""] = new TextDecoder().decode(asset.bytes).split(
      "<!-- content -->",
    );
    return assetOf(asset.type, new TextEncoder().encode(before + content + after));
  }

  async #read(name: string, type: string): Promise<Asset | undefined> {
    try {
      return assetOf(type, await Deno.readFile(new URL(name, this.#folder)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }
}

function assetOf(type: string, bytes: Uint8Array<ArrayBuffer>): Asset {
  return { type, bytes, gzip: new Uint8Array(gzipSync(bytes, { level: 9 })) };
}
