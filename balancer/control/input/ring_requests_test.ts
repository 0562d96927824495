import { assertEquals, assertThrows } from "@std/assert";
import { parseBody, parseFields, RequestError } from "./schema.ts";
import { application, change, replicaName, shape, weighing } from "./ring_requests.ts";

const parseName = (name: string) => parseFields(replicaName, { name }).name;
const parsePlanId = (text: string) => parseBody(application, text).plan;
const parseShape = (text: string) => parseBody(shape, text);
const parseWeight = (text: string) => parseBody(weighing, text).weight;
const parseChange = (text: string) => parseBody(change, text);

type Case = readonly [json: string, message: string];

function assertRefused(parse: (text: string) => unknown, table: readonly Case[]): void {
  for (const [json, message] of table) {
    assertEquals(assertThrows(() => parse(json), RequestError, "", json).message, message, json);
  }
}

const SLOTS = "slots: must be a whole number from 1 to 65536";
const FIELDS = "slots, virtualServers, layout and hashes";
const SHAPE_CASES: readonly Case[] = [
  ['{"slots":0}', `${SLOTS}; got 0`],
  ['{"slots":65537}', `${SLOTS}; got 65537`],
  ['{"slots":1.5}', `${SLOTS}; got 1.5`],
  ['{"slots":null}', `${SLOTS}; got null`],
  ['{"slots":"512"}', `${SLOTS}; got "512"`],
  ['{"virtualServers":-9}', "virtualServers: must be a whole number from 1 to 65536; got -9"],
  ['{"layout":"Ring"}', 'layout: must be one of even, ring, rendezvous; got "Ring"'],
  ['{"layout":["ring"]}', 'layout: must be one of even, ring, rendezvous; got ["ring"]'],
  [
    '{"hashes":"toString"}',
    'hashes: must be one of fibonacci, seed, classic, hashed; got "toString"',
  ],
  [
    '{"slots":0,"layout":1}',
    `${SLOTS}; got 0; layout: must be one of even, ring, rendezvous; got 1`,
  ],
];

Deno.test("a shape has at least one field, each within its bounds", () => {
  const whole = { slots: 65536, virtualServers: 1, layout: "ring", hashes: "classic" } as const;
  assertEquals(parseShape(JSON.stringify(whole)), whole);
  assertEquals(parseShape('{"slots":1}'), { slots: 1 });
  assertRefused(parseShape, [
    ...SHAPE_CASES,
    ["{}", `body: must have one of ${FIELDS}; got {}`],
    ["[]", 'body: must be an object such as {"slots":4096,"layout":"ring"}; got []'],
    ['{"slots":4,"members":[]}', `body: must have no fields but ${FIELDS}; got ["members"]`],
    ['{"slots":4,"__proto__":{}}', `body: must have no fields but ${FIELDS}; got ["__proto__"]`],
  ]);
});

Deno.test("a weight is a number from 0 to 1000", () => {
  assertEquals([parseWeight('{"weight":0}'), parseWeight('{"weight":2.5}')], [0, 2.5]);
  const rule = "weight: must be a number from 0 to 1000";
  assertRefused(parseWeight, [
    ["{}", `${rule}; got nothing`],
    ['{"weight":-1}', `${rule}; got -1`],
    ['{"weight":1001}', `${rule}; got 1001`],
    ['{"weight":1e999}', `${rule}; got Infinity`],
    ['{"weight":"2"}', `${rule}; got "2"`],
    ['{"weight":1,"slots":2}', 'body: must have no fields but weight; got ["slots"]'],
    ["2", 'body: must be an object such as {"weight":2}; got 2'],
  ]);
});

Deno.test("a change request combines the fields of /add, /rm, weights and shape", () => {
  const change = { add: 2, hostnames: ["a"], remove: ["S3"], slots: 4096, layout: "even" };
  const { weights, ...rest } = parseChange(JSON.stringify({ ...change, weights: { Big: 3 } }));
  assertEquals([rest, { ...weights }], [change, { Big: 3 }]);
  assertEquals(parseChange('{"hostnames":["a","b"]}'), { hostnames: ["a", "b"] });
  const name = "each must be 1 to 63 letters, digits, _ or -, beginning with a letter or a digit " +
    "and not ending with -";
  assertRefused(parseChange, [
    ...SHAPE_CASES,
    ["{}", `body: must have one of add, hostnames, remove, weights, ${FIELDS}; got {}`],
    ['{"add":0}', "add: must be a whole number from 1; got 0"],
    ['{"add":1e300}', "add: must be a whole number from 1; got 1e+300"],
    ['{"add":1,"hostnames":["a","b"]}', "hostnames: must be at most add names, which is 1; got 2"],
    ['{"hostnames":"a"}', 'hostnames: must be a list of names; got "a"'],
    ['{"remove":{"0":"S3"}}', 'remove: must be a list of names; got {"0":"S3"}'],
    ['{"remove":["a b"]}', `remove: ${name}; got "a b"`],
    ['{"weights":{"Big":-3}}', "weights.Big: must be a number from 0 to 1000; got -3"],
  ]);
});

Deno.test("a plan is applied by its id", () => {
  assertEquals(parsePlanId('{"plan":"Ab-1_"}'), "Ab-1_");
  const rule = "plan: must be the id that POST /_lb/plan answered";
  assertRefused(parsePlanId, [
    ["{}", `${rule}; got nothing`],
    ['{"plan":""}', `${rule}; got ""`],
    ['{"plan":7}', `${rule}; got 7`],
    ['{"plan":"../x"}', `${rule}; got "../x"`],
    ['{"plan":"a","force":true}', 'body: must have no fields but plan; got ["force"]'],
  ]);
});

Deno.test("the name in a path follows the rule of names", () => {
  assertEquals(parseName("constructor"), "constructor");
  for (const name of ["", "a/b", "a b", "%zz", "__proto__", "x".repeat(64)]) {
    assertThrows(() => parseName(name), RequestError, "name: must be 1 to 63 letters");
  }
});
