import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ascii } from "../http1/writer.ts";
import { decodeHuffman, encodeHuffman, huffmanLength } from "./huffman.ts";

function encode(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 * bytes.length + 8);
  return out.slice(0, encodeHuffman(out, 0, bytes, 0, bytes.length));
}

function decode(bytes: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(2 * bytes.length);
  const length = decodeHuffman(bytes, 0, bytes.length, out);
  return length < 0 ? undefined : out.slice(0, length);
}

Deno.test("The examples of RFC 7541 are encoded byte for byte", () => {
  const examples = {
    "www.example.com": "f1e3c2e5f23a6ba0ab90f4ff",
    "no-cache": "a8eb10649cbf",
    "custom-value": "25a849e95bb8e8b4bf",
    "Mon, 21 Oct 2013 20:13:21 GMT": "d07abe941054d444a8200595040b8166e082a62d1bff",
  };
  for (const [text, hex] of Object.entries(examples)) {
    assertEquals(encode(ascii(text)).toHex(), hex);
    assertEquals(decode(Uint8Array.fromHex(hex)), ascii(text));
  }
});

Deno.test("Any bytes are the same after encoding and decoding, and the length is known before", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const encoded = encode(bytes);
      assertEquals(encoded.length, huffmanLength(bytes, 0, bytes.length));
      assertEquals(decode(encoded), bytes);
    }),
    { seed: 1 },
  );
});

Deno.test("Padding of a whole byte, padding with zeros and the end of string are malformed", () => {
  // "0" is 00000, and its padding is 111.
  assertEquals(decode(Uint8Array.of(0b00000111)), ascii("0"));
  assertEquals(decode(Uint8Array.of(0b00000110)), undefined);
  assertEquals(decode(Uint8Array.of(0b00000111, 0xff)), undefined);
  assertEquals(decode(Uint8Array.of(0xff, 0xff, 0xff, 0xfc)), undefined);
  assertEquals(decode(Uint8Array.of(0xff, 0xff, 0xff, 0xff)), undefined);
});
