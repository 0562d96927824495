/**
 * Encodes field blocks (RFC 7541).
 *
 * @module
 */
import { ascii, copy } from "../http1/writer.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { TABLE_BYTES } from "./hpack_decoder.ts";
import { encodeHuffman, huffmanLength } from "./huffman.ts";
import { writeInteger } from "./integer.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** Bytes that a field may need besides its name and value: three integers. */
export const FIELD_OVERHEAD = 16;

/** Bytes that a table adds to the length of a field (RFC 7541, section 4.1). */
const ENTRY_OVERHEAD = 32;

/** Longer fields would displace most of the table. */
const MAX_ENTRY = TABLE_BYTES / 4;

const FIRST_DYNAMIC = STATIC_TABLE.length + 1;

/** Names whose values rarely repeat: an entry would only displace others. */
const UNINDEXED = new Set(hashes([
  "age",
  "content-length",
  "content-range",
  "etag",
  "expires",
  "last-modified",
  "location",
  "x-request-id",
  "x-ring-slot",
]));

/** Secrets: never in a table, neither here nor behind another intermediary (RFC 7541, 7.1.3). */
const SENSITIVE = new Set(hashes(["set-cookie", "www-authenticate", "authentication-info"]));

/** A field in a buffer. One object may be written over for each field of a block. */
export interface FieldSpan {
  bytes: Uint8Array;
  /** Index of the first byte of the name. */
  nameStart: number;
  nameEnd: number;
  valueStart: number;
  /** Index after the last byte of the value. */
  valueEnd: number;
}

/** An entry of the dynamic table, found by its hashes first. */
interface Entry {
  readonly size: number;
  readonly nameHash: number;
  readonly hash: number;
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** Static entries by the hash of their names and values, and the first one of each name. */
const STATIC_LINES = new Map<number, number>();
const STATIC_NAMES = new Map<number, number>();
const STATIC_BYTES = STATIC_TABLE.map(([name, value], i) => {
  const entry = { name: ascii(name), value: ascii(value) };
  const nameHash = hashName(entry.name, 0, name.length);
  if (!STATIC_NAMES.has(nameHash)) STATIC_NAMES.set(nameHash, i + 1);
  STATIC_LINES.set(hashOn(nameHash, entry.value, 0, value.length), i + 1);
  return entry;
});

/** Encodes the blocks of one connection. */
export class HpackEncoder {
  readonly #table = new DynamicTable<Entry>(TABLE_BYTES);
  /** The smallest and the last of the sizes since the last block; undefined without a change. */
  #smallest: number | undefined;
  #latest = TABLE_BYTES;

  /** Bytes that the dynamic table holds. */
  get tableSize(): number {
    return this.#table.size;
  }

  /**
   * Takes the peer's SETTINGS_HEADER_TABLE_SIZE. The next block announces the change.
   *
   * @param bytes largest size of the table; less is used if it is large
   */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, TABLE_BYTES);
    this.#latest = size;
    this.#smallest = Math.min(this.#smallest ?? this.#table.capacity, size);
  }

  /**
   * Begins a block.
   *
   * @param out buffer to write to, with room for {@linkcode FIELD_OVERHEAD} bytes
   * @param at index of the first byte to write
   * @returns index after the last byte written
   */
  begin(out: Uint8Array, at: number): number {
    if (this.#smallest === undefined) return at;
    // RFC 7541, 4.2: the smallest size in between has evicted entries of the peer, too.
    let to = at;
    if (this.#smallest < this.#latest) to = this.#resize(out, to, this.#smallest);
    to = this.#resize(out, to, this.#latest);
    this.#smallest = undefined;
    return to;
  }

  #resize(out: Uint8Array, at: number, size: number): number {
    this.#table.resize(size);
    return writeInteger(out, at, size, 5, 0x20);
  }

  /**
   * Writes one field.
   *
   * @param out buffer to write to, with room for the field and {@linkcode FIELD_OVERHEAD} bytes
   * @param at index of the first byte to write
   * @param field the field; its name is written in lower case
   * @returns index after the last byte written
   */
  field(out: Uint8Array, at: number, field: FieldSpan): number {
    const { bytes, nameStart, nameEnd, valueStart, valueEnd } = field;
    const nameHash = hashName(bytes, nameStart, nameEnd);
    const hash = hashOn(nameHash, bytes, valueStart, valueEnd);
    const index = this.#find(hash, field);
    if (index > 0) return writeInteger(out, at, index, 7, 0x80);
    const name = this.#findName(nameHash, field);
    const size = nameEnd - nameStart + valueEnd - valueStart + ENTRY_OVERHEAD;
    const sensitive = SENSITIVE.has(nameHash);
    const indexed = !sensitive && size <= MAX_ENTRY && size <= this.#table.capacity &&
      !UNINDEXED.has(nameHash);
    let to = indexed
      ? writeInteger(out, at, name, 6, 0x40)
      : writeInteger(out, at, name, 4, sensitive ? 0x10 : 0);
    if (name === 0) to = writeName(out, to, bytes, nameStart, nameEnd);
    if (indexed) {
      const lower = lowerCase(bytes, nameStart, nameEnd);
      const value = bytes.slice(valueStart, valueEnd);
      this.#table.add({ size, nameHash, hash, name: lower, value });
    }
    return writeString(out, to, bytes, valueStart, valueEnd);
  }

  /** @returns index of an equal field; 0 without one */
  #find(hash: number, field: FieldSpan): number {
    const fixed = STATIC_LINES.get(hash);
    if (fixed !== undefined) {
      const { name, value } = STATIC_BYTES[fixed - 1]!;
      if (isName(name, field) && isValue(value, field)) return fixed;
    }
    const table = this.#table;
    for (let i = 0; i < table.count; i++) {
      const entry = table.at(i)!;
      if (entry.hash !== hash || !isName(entry.name, field)) continue;
      if (isValue(entry.value, field)) return FIRST_DYNAMIC + i;
    }
    return 0;
  }

  /** @returns index of a field with the same name; 0 without one */
  #findName(nameHash: number, field: FieldSpan): number {
    const fixed = STATIC_NAMES.get(nameHash);
    if (fixed !== undefined && isName(STATIC_BYTES[fixed - 1]!.name, field)) return fixed;
    const table = this.#table;
    for (let i = 0; i < table.count; i++) {
      const entry = table.at(i)!;
      if (entry.nameHash === nameHash && isName(entry.name, field)) return FIRST_DYNAMIC + i;
    }
    return 0;
  }
}

function writeString(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const coded = huffmanLength(bytes, start, end);
  if (coded >= end - start) {
    return copy(out, writeInteger(out, at, end - start, 7, 0), bytes, start, end);
  }
  return encodeHuffman(out, writeInteger(out, at, coded, 7, 0x80), bytes, start, end);
}

function writeName(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const name = lowerCase(bytes, start, end);
  return writeString(out, at, name, 0, name.length);
}

function lowerCase(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const name = bytes.slice(start, end);
  for (let i = 0; i < name.length; i++) name[i] = lower(name[i]!);
  return name;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte | 32 : byte;
}

/** FNV-1a over the name in lower case. */
function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ lower(bytes[at]!), 0x01000193);
  return hash;
}

/** Continues a name's hash over the value. */
function hashOn(nameHash: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(nameHash ^ 58, 0x01000193);
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}

function hashes(names: readonly string[]): number[] {
  return names.map((name) => hashName(ascii(name), 0, name.length));
}

function isName(name: Uint8Array, { bytes, nameStart, nameEnd }: FieldSpan): boolean {
  if (nameEnd - nameStart !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (lower(bytes[nameStart + i]!) !== name[i]) return false;
  return true;
}

function isValue(value: Uint8Array, { bytes, valueStart, valueEnd }: FieldSpan): boolean {
  if (valueEnd - valueStart !== value.length) return false;
  for (let i = 0; i < value.length; i++) if (bytes[valueStart + i] !== value[i]) return false;
  return true;
}
