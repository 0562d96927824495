/**
 * A lock for `up`: two concurrent runs for one fleet would each mistake the other's balancer for a
 * foreign one.
 *
 * @module
 */
import { RUN_DIR } from "../project.ts";

/**
 * Waits until no other process holds the lock, and holds the lock until disposed of or until this
 * process ends in any way.
 *
 * @param name name of the lock
 * @param folder folder of the lock's file; created if missing
 */
export async function takeLock(name: string, folder = RUN_DIR): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(new URL(`${name}.lock`, folder), { write: true, create: true });
  await file.lock(true);
  return { [Symbol.dispose]: () => file.close() };
}
