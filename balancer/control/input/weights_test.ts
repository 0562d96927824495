import { assertEquals } from "@std/assert";
import { weights } from "./weights.ts";

function faults(json: string): string[] {
  return weights().safeParse(JSON.parse(json)).error?.issues
    .map(({ path, message }) => [...path, message].join(": ")) ?? [];
}

Deno.test("weights are numbers from 0 to 1000, whole or not", () => {
  const given: Record<string, number> = {
    a: 0,
    Server1: 1000,
    "b-1": 0.001,
    constructor: 2,
    toString: 3,
  };
  assertEquals({ ...weights().parse(given) }, given);
  const negativeZero = weights().parse({ a: -0 });
  assertEquals(Object.is(negativeZero["a"], 0), true);
});

Deno.test("only the given names are in them, not even inherited properties", () => {
  const result = weights().parse(JSON.parse('{"a":1}'));
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assertEquals(result[name], undefined, name);
  }
});

Deno.test("an invalid weight is refused by the replica's name and the value", () => {
  const rule = "must be a number from 0 to 1000";
  const table: [string, string][] = [
    ['{"a":-1}', `a: ${rule}; got -1`],
    ['{"a":1000.5}', `a: ${rule}; got 1000.5`],
    ['{"a":1e999}', `a: ${rule}; got Infinity`],
    ['{"a":"2"}', `a: ${rule}; got "2"`],
    ['{"a":null}', `a: ${rule}; got null`],
    ['{"a":[1]}', `a: ${rule}; got [1]`],
    ['{"a":{"valueOf":1}}', `a: ${rule}; got {"valueOf":1}`],
    ['{"constructor":true}', `constructor: ${rule}; got true`],
  ];
  for (const [json, message] of table) assertEquals(faults(json), [message]);
});

Deno.test("an invalid name, or a value that is not an object, is refused", () => {
  const rule = "each name must be 1 to 63 letters, digits, _ or -, beginning with a letter or a " +
    "digit and not ending with -, or an upstream's name or address";
  for (const name of ["__proto__", "", "a b", "a:b", "-a", "é"]) {
    const json = `{${JSON.stringify(name)}:1}`;
    assertEquals(faults(json), [`${rule}; got ${JSON.stringify(name)}`]);
  }
  for (const json of ["[]", "[1]", "null", "3", '"Big"', "true"]) {
    assertEquals(faults(json), [
      `must be an object of names and weights such as {"Big":3}; got ${json}`,
    ]);
  }
});

Deno.test("every fault is reported", () => {
  assertEquals(faults('{"a":-1,"b":1,"c":"x"}').length, 2);
});
