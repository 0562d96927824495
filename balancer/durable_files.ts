/**
 * Steps of writing files that survive a loss of power.
 *
 * @module
 */

/**
 * Makes the names in a folder durable: without this it may still name an old file after a loss of
 * power.
 *
 * @param path path of the folder
 */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}

/**
 * Removes a file, unless it is gone already.
 *
 * @param path path of the file
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
