/**
 * Formats numbers and times. Pure.
 *
 * @module
 */

/** A count or rate in few characters: 7, 0.4, 1,234, 12.3k. */
export function number(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)}k`;
  if (value >= 10 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value.toFixed(1);
}

/** A share from 0 to 1 in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Milliseconds in a readable unit. */
export function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 || Number.isInteger(ms) ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

const UNITS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]] as const;

/** A duration in its two largest units: 3 h 12 min. */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0 || (unit === "s" && parts.length === 0)) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** A duration in its largest unit, for lists of many: 3 h. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** The time of day, with milliseconds if they matter. */
export function clock(time: number, exact = false): string {
  const date = new Date(time);
  const text = date.toLocaleTimeString("en-GB");
  return exact ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** The day of a date, ISO 8601 in UTC. */
export function day(date: string): string {
  return date.slice(0, 10);
}

/** "1 replica", "2 replicas". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Bytes per second in few characters: 0 B/s, 1.2 MB/s. */
export function throughput(bytes: number): string {
  const units = ["B/s", "kB/s", "MB/s", "GB/s"];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/**
 * Shortens a name in its middle: names of one service differ at their ends.
 *
 * @param name the name
 * @param most limit on characters
 */
export function shortened(name: string, most: number): string {
  if (name.length <= most) return name;
  const tail = Math.ceil((most - 1) / 2);
  return `${name.slice(0, most - 1 - tail)}…${name.slice(-tail)}`;
}

/** Seconds in one unit: 2 min, 10 h. */
export function ago(seconds: number): string {
  return seconds >= 7200 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 60)} min`;
}
