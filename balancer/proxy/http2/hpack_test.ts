import { assert, assertEquals, assertThrows } from "@std/assert";
import { PERMITTED } from "../../../tools/test/needs.ts";
import fc from "fast-check";
import { latin1 } from "../http1/latin1.ts";
import { ascii } from "../http1/writer.ts";
import { ConnectionError } from "./error_code.ts";
import type { HeaderField } from "./header_field.ts";
import { HpackDecoder, TABLE_BYTES } from "./hpack_decoder.ts";
import golden from "./testdata/hpack.json" with { type: "json" };
import { FIELD_OVERHEAD, HpackEncoder } from "./hpack_encoder.ts";

type Pair = readonly [name: string, value: string];

/** One block of a file of test vectors. */
interface Case {
  readonly wire: string;
  readonly header_table_size?: number;
  readonly headers: readonly Record<string, string>[];
}

/** Vectors of several encoders; data that lies beside the project on some machines. */
const VECTORS = new URL("../../../../shared/hpack/", import.meta.url);

function text(bytes: Uint8Array): string {
  return latin1(bytes, 0, bytes.length);
}

function decode(decoder: HpackDecoder, block: Uint8Array<ArrayBuffer>): Pair[] {
  const fields: Pair[] = [];
  const add = ({ name, value }: HeaderField) => fields.push([text(name), text(value)]);
  decoder.decode(block, 0, block.length, { add });
  return fields;
}

function encode(encoder: HpackEncoder, fields: readonly Pair[]): Uint8Array<ArrayBuffer> {
  const bytes = fields.reduce((sum, [n, v]) => sum + n.length + v.length + FIELD_OVERHEAD, 16);
  const out = new Uint8Array(bytes);
  let at = encoder.begin(out, 0);
  for (const [name, value] of fields) {
    const bytes = ascii(name + value);
    const [nameEnd, valueEnd] = [name.length, bytes.length];
    at = encoder.field(out, at, { bytes, nameStart: 0, nameEnd, valueStart: nameEnd, valueEnd });
  }
  return out.slice(0, at);
}

/** The most that any vector's table may hold, for a decoder of blocks whose table changes. */
function largestTable(cases: readonly Case[]): number {
  return Math.max(TABLE_BYTES, ...cases.map(({ header_table_size = 0 }) => header_table_size));
}

function checkVectors(cases: readonly Case[]): number {
  const decoder = new HpackDecoder(largestTable(cases));
  const encoder = new HpackEncoder();
  const reader = new HpackDecoder();
  for (const { wire, headers, header_table_size } of cases) {
    const expected = headers.map((header) => Object.entries(header)[0]!);
    assertEquals(decode(decoder, Uint8Array.fromHex(wire)), expected);
    if (header_table_size !== undefined) encoder.limitTable(header_table_size);
    assertEquals(decode(reader, encode(encoder, expected)), expected);
    assert(reader.tableSize === encoder.tableSize && reader.tableSize <= TABLE_BYTES);
  }
  return cases.length;
}

async function* vectorFiles(): AsyncGenerator<readonly Case[]> {
  for await (const { name, isDirectory } of Deno.readDir(VECTORS)) {
    if (!isDirectory) continue;
    const folder = new URL(`${name}/`, VECTORS);
    for await (const file of Deno.readDir(folder)) {
      const { cases } = JSON.parse(await Deno.readTextFile(new URL(file.name, folder)));
      yield cases;
    }
  }
}

Deno.test({
  name: "Blocks of six other encoders decode to their fields, and our own blocks do, too",
  // The data lies beside the project; the golden file has the examples of the RFC everywhere.
  ignore: !PERMITTED || !isFolder(VECTORS),
  async fn() {
    let blocks = 0;
    for await (const cases of vectorFiles()) blocks += checkVectors(cases);
    assert(blocks >= 700, `only ${blocks} blocks`);
  },
});

function isFolder(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** RFC 7541, appendix C: each list is one connection. */
const GOLDEN: Record<string, readonly Case[]> = golden;

for (const [name, cases] of Object.entries(GOLDEN)) {
  Deno.test(`Known blocks decode to their fields: ${name}`, () => {
    assertEquals(checkVectors(cases), cases.length);
  });
}

const ATTACKS: Record<string, string> = {
  "index 0": "80",
  "an index beyond both tables": "be",
  "a literal whose name has an index beyond both tables": "7f80ff00",
  "an integer without its end": "ff",
  "an integer that never ends": "ff80808080808080",
  "an integer of 2^31": "ff8080808008",
  "a string longer than the block": "400161",
  "a string of 2^28 bytes": "4001617fffffff7f",
  "a block that ends before the value": "40016101",
  "a malformed Huffman code": "4081ff0161",
  "a table larger than announced": "3fe21f",
  "a table that changes its size after a field": "8220",
};

for (const [name, block] of Object.entries(ATTACKS)) {
  Deno.test(`A block is refused: ${name}`, () => {
    const decoder = new HpackDecoder();
    assertThrows(() => decode(decoder, Uint8Array.fromHex(block)), ConnectionError);
  });
}

Deno.test("Any lists of fields are the same after encoding and decoding, through table changes", () => {
  const field = fc.tuple(
    fc.constantFrom("accept", "x-a", "x-bb", "set-cookie", "etag", ":status", "cache-control"),
    fc.constantFrom("", "200", "no-cache", "a".repeat(300), "b".repeat(2000), "é\xff"),
  );
  const step = fc.oneof(fc.array(field, { maxLength: 12 }), fc.nat({ max: 8192 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
      for (const fields of steps) {
        if (typeof fields === "number") encoder.limitTable(fields);
        else assertEquals(decode(decoder, encode(encoder, fields)), fields);
        assert(encoder.tableSize <= TABLE_BYTES);
      }
    }),
    { seed: 1 },
  );
});

Deno.test("A field that repeats takes one byte; a secret is never indexed", () => {
  const encoder = new HpackEncoder();
  assert(encode(encoder, [["server", "replica"]]).length > 1);
  assertEquals(encode(encoder, [["Server", "replica"]]).length, 1);
  encode(encoder, [["set-cookie", "a=b"]]);
  const again = encode(encoder, [["set-cookie", "a=b"]]);
  assertEquals(again[0]! & 0xf0, 0x10);
  assertEquals(encode(encoder, [[":status", "200"]]), Uint8Array.of(0x88));
});

Deno.test("Entries are evicted oldest first, and one larger than the table empties it", () => {
  const decoder = new HpackDecoder();
  const encoder = new HpackEncoder();
  for (let i = 0; i < 500; i++) {
    const fields: Pair[] = [[`x-${i}`, "v".repeat(i % 100)]];
    assertEquals(decode(decoder, encode(encoder, fields)), fields);
  }
  assert(decoder.tableSize <= TABLE_BYTES && decoder.tableSize > TABLE_BYTES / 2);
  // A literal with indexing, of one byte's name and a value of 4128 bytes.
  const huge = `4001617fa11f${"61".repeat(4128)}`;
  decode(decoder, Uint8Array.fromHex(huge));
  assertEquals(decoder.tableSize, 0);
});
