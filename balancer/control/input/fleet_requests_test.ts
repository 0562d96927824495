import { assertEquals, assertThrows } from "@std/assert";
import { parseBody, RequestError } from "./schema.ts";
import { addition, deploy, drill, removal } from "./fleet_requests.ts";

const parseAddition = (text: string) => parseBody(addition, text);
const parseRemoval = (text: string) => parseBody(removal, text);
const parseDeploy = (text: string) => parseBody(deploy, text);
const parseDrill = (text: string) => parseBody(drill, text);

function fault(body: string): string {
  return assertThrows(() => parseAddition(body), RequestError).message;
}

const NAME_RULE =
  "each must be 1 to 63 letters, digits, _ or -, beginning with a letter or a digit " +
  "and not ending with -";

Deno.test("n and hostnames are read, hostnames may be left out", () => {
  for (const parse of [parseAddition, parseRemoval]) {
    const { n, hostnames } = parse('{"n":2,"hostnames":["S4","a_b-c"]}');
    assertEquals([n, hostnames], [2, ["S4", "a_b-c"]]);
  }
  assertEquals(parseRemoval('{"n":1}'), { n: 1, hostnames: [] });
});

Deno.test("n that is not a whole number from 1 is refused with the value", () => {
  const table = [["-1", "-1"], ["0", "0"], ["1.5", "1.5"], ['"2"', '"2"'], ["null", "null"]];
  for (const [sent, shown] of table) {
    assertEquals(fault(`{"n":${sent}}`), `n: must be a whole number from 1; got ${shown}`);
  }
  assertEquals(fault("{}"), "n: must be a whole number from 1; got nothing");
  assertEquals(fault('{"n":1e99}'), "n: must be a whole number from 1; got 1e+99");
});

Deno.test("names that are not DNS labels of our letters are refused with the name", () => {
  for (const name of ["a b", "a/b", "", "-a", "a-", "_a", "é", "a.b"]) {
    const message = fault(JSON.stringify({ n: 1, hostnames: [name] }));
    assertEquals(message, `hostnames: ${NAME_RULE}; got ${JSON.stringify(name)}`);
  }
});

Deno.test("a name of 63 characters is accepted, a name of 300 is refused and shortened in the message", () => {
  const hostnames = ["x".repeat(63)];
  assertEquals(parseAddition(JSON.stringify({ n: 1, hostnames })).hostnames, hostnames);
  const message = fault(JSON.stringify({ n: 1, hostnames: ["x".repeat(300)] }));
  assertEquals(message, `hostnames: ${NAME_RULE}; got "${"x".repeat(79)}…`);
});

Deno.test("more hostnames than n are refused in the textbook's words, which its clients compare", () => {
  const detail = "hostnames: must be at most n names, which is 1; got 2";
  const refusals = [
    [addition, "Length of hostname list is more than newly added instances"],
    [removal, "Length of hostname list is more than removable instances"],
  ] as const;
  for (const [form, message] of refusals) {
    const error = assertThrows(
      () => parseBody<unknown>(form, '{"n":1,"hostnames":["a","b"]}'),
      RequestError,
    );
    assertEquals([error.message, error.detail], [message, detail]);
  }
});

Deno.test("a body that is not a JSON object, or has unknown fields, is refused", () => {
  assertEquals(
    fault("[]"),
    'body: must be an object such as {"n":1,"hostnames":["S4"]}; got []',
  );
  assertEquals(
    fault('{"n":1,"host":"a"}'),
    'body: must have no fields but n, hostnames and weights; got ["host"]',
  );
  assertEquals(
    assertThrows(() => parseRemoval('{"n":1,"weights":{}}'), RequestError).message,
    'body: must have no fields but n and hostnames; got ["weights"]',
  );
  assertEquals(
    fault('{"n":').startsWith('body: must be JSON such as {"n":1,"hostnames":["S4"]}; '),
    true,
  );
  assertEquals(fault("").startsWith("body: must be JSON"), true);
});

Deno.test("only new replicas may be given weights", () => {
  const { weights } = parseAddition('{"n":2,"hostnames":["Big"],"weights":{"Big":2.5}}');
  assertEquals({ ...weights }, { Big: 2.5 });
  assertEquals({ ...parseAddition('{"n":1}').weights }, {});
  assertEquals(
    fault('{"n":1,"hostnames":["Big"],"weights":{"Server1":2}}'),
    "weights: must be of names in hostnames; got Server1",
  );
  assertEquals(
    fault('{"n":1,"weights":{"Server1":2}}'),
    "weights: must be of names in hostnames; got Server1",
  );
});

Deno.test("several faults are reported at once", () => {
  assertEquals(
    fault('{"n":0,"hostnames":"a"}'),
    'n: must be a whole number from 1; got 0; hostnames: must be a list of names; got "a"',
  );
});

Deno.test("a deploy names an image, a command, options or several of them", () => {
  assertEquals(parseDeploy('{"image":"app:2"}'), { image: "app:2" });
  assertEquals(parseDeploy('{"command":"deno run x.ts"}'), { command: "deno run x.ts" });
  const table: [string, string][] = [
    [
      "{}",
      'body: must name an image, a command, options or several of them, such as {"image":"registry/app:2"}',
    ],
    ['{"image":"-x"}', 'image: must be an image reference; got "-x"'],
    ['{"image":7}', "image: must be an image reference; got 7"],
    ['{"command":""}', 'command: must be a command line; got ""'],
    [
      '{"image":"a","tag":"b"}',
      'body: must have no fields but image, command, options and minReadyMs; got ["tag"]',
    ],
  ];
  for (const [body, message] of table) {
    assertEquals(assertThrows(() => parseDeploy(body), RequestError).message, message);
  }
});

Deno.test("a drill has defaults for everything but the replica", () => {
  assertEquals(parseDrill('{"kill":"Server2"}'), {
    kill: "Server2",
    path: "/",
    seconds: 3,
    connections: 8,
    objective: { lost: 0, fullRingMs: 5000 },
  });
  const table: [string, string][] = [
    ["{}", `kill: ${NAME_RULE.slice("each ".length)}; got nothing`],
    ['{"kill":"S","seconds":61}', "seconds: must be a whole number from 1 to 60; got 61"],
    ['{"kill":"S","path":"home"}', 'path: must be a path that begins with /; got "home"'],
    [
      '{"kill":"S","objective":{"lost":-1}}',
      "objective.lost: must be a whole number from 0 to 1000000; got -1",
    ],
  ];
  for (const [body, message] of table) {
    assertEquals(assertThrows(() => parseDrill(body), RequestError).message, message);
  }
});
