/**
 * Configuration files of balancers under test.
 *
 * @module
 */

/** A configuration file of a test. */
export class ConfigFile implements AsyncDisposable {
  readonly path = `/tmp/ringkeeper-${crypto.randomUUID()}.yaml`;

  /** Writes a new file. */
  static async of(text: string): Promise<ConfigFile> {
    const file = new ConfigFile();
    await file.write(text);
    return file;
  }

  /** As editors do: a new file takes the place of the old one. */
  async write(text: string): Promise<void> {
    await Deno.writeTextFile(`${this.path}.new`, text);
    await Deno.rename(`${this.path}.new`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path);
  }
}
