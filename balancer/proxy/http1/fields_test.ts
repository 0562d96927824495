import { assertEquals } from "@std/assert";
import { type Fault, FAULTS } from "./fault.ts";
import { CONNECTION, HOST, NOMINATED, OTHER } from "./field_kind.ts";
import { Fields } from "./fields.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function parse(section: string, maxFields = 100): [fields: Fields, fault: Fault | undefined] {
  const bytes = bytesOf(section);
  const fields = new Fields();
  const fault = fields.parse(bytes, 0, bytes.length, maxFields) ?? fields.nominate(bytes);
  return [fields, fault];
}

Deno.test("Fields are offsets of names, trimmed values and whole lines", () => {
  const text = "Host: a\r\nX:\t b c\t \r\nEmpty:  \r\n\r\n";
  const [fields, fault] = parse(text);
  assertEquals(fault, undefined);
  const seen = Array.from({ length: fields.count }, (_, i) => [
    text.slice(fields.lineStart(i), fields.nameEnd(i)),
    text.slice(fields.valueStart(i), fields.valueEnd(i)),
    text.slice(fields.lineStart(i), fields.lineEnd(i)),
    fields.kind(i),
  ]);
  assertEquals(seen, [
    ["Host", "a", "Host: a\r\n", HOST],
    ["X", "b c", "X:\t b c\t \r\n", OTHER],
    ["Empty", "", "Empty:  \r\n", OTHER],
  ]);
});

const REFUSED: readonly [what: string, section: string, fault: Fault][] = [
  ["an empty name", ": a\r\n\r\n", FAULTS.fieldName],
  ["a line without a colon", "Host\r\n\r\n", FAULTS.fieldName],
  ["a name with a control character", "Ho\x01st: a\r\n\r\n", FAULTS.fieldName],
  ["a name beyond ASCII", "H\xf6st: a\r\n\r\n", FAULTS.fieldName],
  ["a name with a separator", "Ho(st): a\r\n\r\n", FAULTS.fieldName],
  ["a space before the colon", "Host : a\r\n\r\n", FAULTS.spaceBeforeColon],
  ["a tab before the colon", "Host\t: a\r\n\r\n", FAULTS.spaceBeforeColon],
  ["a space inside a name", "Ho st: a\r\n\r\n", FAULTS.spaceBeforeColon],
  ["a line folded with a space", "A: b\r\n c\r\n\r\n", FAULTS.obsFold],
  ["a line folded with a tab", "A: b\r\n\tc\r\n\r\n", FAULTS.obsFold],
  ["a control character in a value", "A: b\x0bc\r\n\r\n", FAULTS.fieldValue],
  ["DEL in a value", "A: b\x7f\r\n\r\n", FAULTS.fieldValue],
  ["NUL in a value", "A: b\0\r\n\r\n", FAULTS.fieldValue],
  ["CR alone in a value", "A: b\rc\r\n\r\n", FAULTS.fieldValue],
  ["an end that is not that of the section", "A: b\r\n\r\nrest", FAULTS.fieldsEnd],
  ["an option that is no token", "Connection: a b\r\n\r\n", FAULTS.connectionOption],
  ["an option with a parameter", "Connection: close;q=1\r\n\r\n", FAULTS.connectionOption],
  [
    "more than 64 options",
    `Connection: ${"a,".repeat(32)}\r\nConnection: ${"b,".repeat(33)}\r\n\r\n`,
    FAULTS.connectionOption,
  ],
  ...["Host", "content-length", "Transfer-Encoding", "X-Forwarded-For", "Cookie", "Via"].map((
    name,
  ): [string, string, Fault] => [
    `Connection naming ${name}`,
    `Connection: close, ${name}\r\n\r\n`,
    FAULTS.nomination,
  ]),
];
for (const [what, section, expected] of REFUSED) {
  Deno.test(`Fields are refused for ${what}`, () => {
    assertEquals(parse(section)[1], expected);
  });
}

Deno.test("An option of Connection may end with a semicolon", () => {
  const [fields, fault] = parse("Connection: keep-alive ; , close;\r\nConnection: ;\r\n\r\n");
  assertEquals([fault, fields.keepAlive, fields.close], [undefined, true, true]);
});

Deno.test("The largest allowed number of fields is accepted, one more is refused", () => {
  assertEquals(parse("A: b\r\n".repeat(100) + "\r\n")[1], undefined);
  const [fields, fault] = parse("A: b\r\n".repeat(101) + "\r\n");
  assertEquals([fields.count, fault], [0, FAULTS.tooManyFields]);
});

Deno.test("Fields above the initial capacity are all kept", () => {
  const text = Array.from({ length: 200 }, (_, i) => `N${i}: ${i}\r\n`).join("") + "\r\n";
  const [fields] = parse(text, 200);
  const values = Array.from(
    { length: fields.count },
    (_, i) => Number(text.slice(fields.valueStart(i), fields.valueEnd(i))),
  );
  assertEquals(values, Array.from({ length: 200 }, (_, i) => i));
});

Deno.test("Fields that Connection names are marked, in any case and order", () => {
  const [fields, fault] = parse(
    "x-one: 1\r\nConnection: X-One, ,\r\nX-Two: 2\r\nConnection:,X-TWO,connection\r\nX-On: 3\r\n\r\n",
  );
  assertEquals(fault, undefined);
  const seen = Array.from({ length: fields.count }, (_, i) => fields.kind(i));
  assertEquals(seen, [NOMINATED, CONNECTION, NOMINATED, CONNECTION, OTHER]);
});

Deno.test("Known options of Connection are recorded, and reset for the next message", () => {
  const [fields] = parse("Connection: Keep-Alive, UPGRADE\r\nConnection: close\r\n\r\n");
  assertEquals([fields.keepAlive, fields.upgrade, fields.close], [true, true, true]);
  assertEquals(fields.parse(bytesOf("\r\n"), 0, 2, 1), undefined);
  assertEquals([fields.keepAlive, fields.upgrade, fields.close], [false, false, false]);
});
