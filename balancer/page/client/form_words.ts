/**
 * The API's error messages in the words of the page's forms. Pure.
 *
 * @module
 */

/** Fields of the API, and the labels of the page's inputs. */
const LABELS: Readonly<Record<string, string>> = {
  n: "How many",
  add: "How many",
  hostnames: "Names",
  weights: "Weight",
  weight: "Weight",
  slots: "Slots",
  layout: "Layout",
  hashes: "Hashes",
  virtualServers: "Virtual servers",
  image: "Image",
  command: "Command",
  minReadyMs: "Minimum ready time",
  kill: "Replica",
  path: "Drill path",
  seconds: "Seconds",
  level: "Level",
  message: "Message",
  retryAfterS: "Try again after",
  allow: "Served networks",
  access: "Access log",
  key: "Key, id or path",
  id: "Key, id or path",
};

/**
 * Replaces the field names at the beginning of each fault.
 *
 * @param message faults as the API lists them: `field: fault; field: fault`
 */
export function inFormWords(message: string): string {
  return message.replace(
    /(^|; )([A-Za-z]+)(\.[^:;\s]+)?: /g,
    (all, before: string, field: string, rest = "") =>
      Object.hasOwn(LABELS, field)
        ? `${before}${LABELS[field]}${rest.replace(".", " of ")}: `
        : all,
  );
}
