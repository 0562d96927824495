/**
 * One at a time: two `up` at once would each take the other's balancer for a stranger's.
 *
 * @module
 */
import { RUN_DIR } from "../project.ts";

/**
 * Waits until no other process holds the lock, and holds it until disposed of or until this
 * process ends, however it ends.
 *
 * @param name name of the lock
 * @param folder where its file is
 */
export async function takeLock(name: string, folder = RUN_DIR): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(new URL(`${name}.lock`, folder), { write: true, create: true });
  await file.lock(true);
  return { [Symbol.dispose]: () => file.close() };
}
