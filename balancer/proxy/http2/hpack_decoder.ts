/**
 * Decodes field blocks (RFC 7541).
 *
 * @module
 */
import { ascii } from "../http1/writer.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { COMPRESSION_ERROR, ConnectionError } from "./error_code.ts";
import { HeaderField } from "./header_field.ts";
import { decodeHuffman } from "./huffman.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** The size that a dynamic table has unless SETTINGS_HEADER_TABLE_SIZE changes it. */
export const TABLE_BYTES = 4096;

/** Larger integers mean nothing here, and could overflow. */
const MAX_INTEGER = 2 ** 24;

const STATIC_FIELDS = STATIC_TABLE.map(([name, value]) =>
  new HeaderField(ascii(name), ascii(value))
);

/** Receives the fields of a block in order. */
export interface FieldSink {
  /** Takes one field. */
  add(field: HeaderField): void;
}

/** The longest string that was decoded so far determines its size; all connections share it. */
let scratch = new Uint8Array(1024);

/** Decodes the blocks of one connection. */
export class HpackDecoder {
  readonly #table: DynamicTable<HeaderField>;
  readonly #largest: number;
  #bytes = scratch;
  /** Index of the next byte. */
  #at = 0;
  #end = 0;

  /** @param tableBytes largest size of the dynamic table, as SETTINGS announces it */
  constructor(tableBytes: number = TABLE_BYTES) {
    this.#largest = tableBytes;
    this.#table = new DynamicTable(tableBytes);
  }

  /** Bytes that the dynamic table holds. */
  get tableSize(): number {
    return this.#table.size;
  }

  /**
   * Decodes one block.
   *
   * @param bytes buffer that holds the block
   * @param start index of its first byte
   * @param end index after its last byte
   * @param sink receives the fields
   * @throws {ConnectionError} the block is malformed
   */
  decode(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, sink: FieldSink): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    while (this.#at < end && (bytes[this.#at]! & 0xe0) === 0x20) this.#resize();
    while (this.#at < end) sink.add(this.#next(bytes[this.#at]!));
  }

  /** RFC 7541, 6.3. */
  #resize(): void {
    const size = this.#integer(5);
    if (size > this.#largest) throw fault("the table is larger than SETTINGS_HEADER_TABLE_SIZE");
    this.#table.resize(size);
  }

  /** RFC 7541, 6.1 and 6.2. */
  #next(first: number): HeaderField {
    if ((first & 0x80) !== 0) return this.#field(this.#integer(7));
    if ((first & 0x40) !== 0) {
      const field = this.#literal(6);
      this.#table.add(field);
      return field;
    }
    if ((first & 0x20) !== 0) throw fault("the table changes its size in the middle of a block");
    return this.#literal(4);
  }

  #literal(prefix: number): HeaderField {
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : this.#field(index).name;
    return new HeaderField(name, this.#string());
  }

  #field(index: number): HeaderField {
    const field = index <= STATIC_FIELDS.length
      ? STATIC_FIELDS[index - 1]
      : this.#table.at(index - STATIC_FIELDS.length - 1);
    if (field === undefined) throw fault(`there is no field with index ${index}`);
    return field;
  }

  #string(): Uint8Array {
    if (this.#at >= this.#end) throw fault("the block ends before a string");
    const coded = (this.#bytes[this.#at]! & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    if (length > this.#end - start) throw fault("the block ends within a string");
    this.#at = start + length;
    if (!coded) return this.#bytes.slice(start, this.#at);
    if (scratch.length < 2 * length) scratch = new Uint8Array(4 * length);
    const decoded = decodeHuffman(this.#bytes, start, this.#at, scratch);
    if (decoded < 0) throw fault("a Huffman code is malformed");
    return scratch.slice(0, decoded);
  }

  /** RFC 7541, 5.1. */
  #integer(prefix: number): number {
    const most = (1 << prefix) - 1;
    let value = this.#bytes[this.#at++]! & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw fault("the block ends within an integer");
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) << shift;
      if (value > MAX_INTEGER) break;
      if (byte < 128) return value;
    }
    throw fault("an integer is too large");
  }
}

function fault(message: string): ConnectionError {
  return new ConnectionError(COMPRESSION_ERROR, message);
}
