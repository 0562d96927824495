/**
 * Pictures for readers that show no SVG.
 *
 * @module
 */

/** Not literals in an import(), so that the product's lock file has no part of them. */
const RESVG = "npm:@resvg/resvg-wasm@2.6.2";
/** Many machines have no fonts at all. Its letters are as wide as those of Helvetica, nearly. */
const INTER = "npm:@expo-google-fonts/inter@0.4.2";
const FAMILY = "Inter";
const WEIGHTS = ["400Regular/Inter_400Regular.ttf", "700Bold/Inter_700Bold.ttf"];

/** The part of resvg that is used here. */
interface Resvg {
  initWasm(module: Uint8Array): Promise<void>;
  Resvg: new (svg: string, options: Record<string, unknown>) => {
    render(): { asPng(): Uint8Array };
  };
}

/** Turns SVG into PNG. */
export class PngMaker {
  readonly #resvg: Resvg;
  readonly #fonts: readonly Uint8Array[];

  private constructor(resvg: Resvg, fonts: readonly Uint8Array[]) {
    this.#resvg = resvg;
    this.#fonts = fonts;
  }

  /** Loads what it needs. Once for each process: the library can be started once only. */
  static async load(): Promise<PngMaker> {
    const resvg: Resvg = await import(RESVG);
    await resvg.initWasm(await bytesOf(`${RESVG}/index_bg.wasm`));
    // A package is fetched by an import of code or JSON only; afterwards any file of it can be had.
    await import(`${INTER}/package.json`, { with: { type: "json" } });
    return new PngMaker(resvg, await Promise.all(WEIGHTS.map((at) => bytesOf(`${INTER}/${at}`))));
  }

  /**
   * Draws a picture.
   *
   * @param svg the picture; of fonts it has one only, whatever it asks for
   * @param zoom pixels for each pixel of the SVG
   */
  draw(svg: string, zoom: number): Uint8Array {
    const font = {
      fontBuffers: this.#fonts,
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
    };
    const picture = new this.#resvg.Resvg(svg, { fitTo: { mode: "zoom", value: zoom }, font });
    return picture.render().asPng();
  }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  return (await import(file, { with: { type: "bytes" } })).default;
}
