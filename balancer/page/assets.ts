/**
 * The files of the page, as `deno task build:page` made them.
 *
 * @module
 */
import { gzipSync } from "node:zlib";

/** A file that a browser may ask for. */
export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, compressed. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** What is not there was not built, or its name is of another build. */
export class Assets {
  readonly #folder: URL;
  readonly #kept = new Map<string, Asset>();

  /** @param folder where the built files are */
  constructor(folder: URL = new URL("./dist/", import.meta.url)) {
    this.#folder = folder;
  }

  /**
   * A file by its name, read and compressed when first asked for.
   *
   * @param name name of a file, without a folder
   * @returns undefined where there is none of that name
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
   * A page of which a part is made while the balancer runs.
   *
   * @param name name of a file that says `<!-- content -->` where that part goes
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
