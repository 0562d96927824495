/**
 * Owner and mode of files, which decide who can have written them.
 *
 * @module
 */

/** Owner and mode of a file; null where the system has neither. */
export type FileOwner = Pick<Deno.FileInfo, "mode" | "uid">;

/** Access of the group and of all others: to write, and of any kind. */
export const OTHERS = { write: 0o022, any: 0o077 };

/**
 * Reports whether other users than the balancer's have access.
 *
 * @param owner owner and mode of the file or folder
 * @param access the access in question: one of {@linkcode OTHERS}
 */
export function isOpenToOthers({ mode, uid }: FileOwner, access: number): boolean {
  const user = uid === null ? null : Deno.uid();
  return (mode !== null && (mode & access) !== 0) || (user !== null && uid !== user);
}

/** Describes owner and mode for a message: `mode 0644, user 1000`. */
export function ownerText({ mode, uid }: FileOwner): string {
  return `mode ${((mode ?? 0) & 0o777).toString(8).padStart(4, "0")}, user ${uid}`;
}
