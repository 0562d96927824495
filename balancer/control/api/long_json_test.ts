import { assert, assertEquals, assertFalse } from "@std/assert";
import { Hono } from "hono";
import { answerLong, isLong, jsonParts } from "./long_json.ts";
import { compressed, measured } from "../server/whole_answers.ts";

const OBJECT = { name: 'a "b"', value: { state: "ready" }, none: null, at: [1, 2] };

function long(count: number) {
  return {
    version: 7,
    left: undefined,
    replicas: Array.from({ length: count }, (_, at) => ({ ...OBJECT, at, key: "\u009b2J ü 世界" })),
    runs: Array.from({ length: 10 * count }, (_, at) => at),
    empty: [],
    gone: [undefined, 1],
    nested: { list: [1] },
  };
}

Deno.test("JSON in slices is the JSON of the whole, with late control characters escaped", async () => {
  for (const object of [{}, OBJECT, long(3), long(1500)]) {
    const text = (await Promise.all((await jsonParts(object)).map((part) =>
      new Response(part).text()
    )))
      .join("");
    assertEquals(text, JSON.stringify(object).replaceAll("\u009b", "\\u009b"));
  }
});

Deno.test("an answer is long if one of its arrays is", () => {
  assert(isLong(long(300)));
  for (const short of [null, 1, "text", [], OBJECT, long(10)]) assertFalse(isLong(short));
});

Deno.test("a long answer has its length, is compressed, and lets other work run", async () => {
  const app = new Hono();
  const object = long(20_000);
  app.use(compressed, measured);
  app.get("/", (c) => answerLong(c, object));
  for (const accepted of ["gzip", "identity"]) {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const response = await app.request("/", { headers: { "accept-encoding": accepted } });
    assertEquals(response.headers.get("content-type"), "application/json");
    const zipped = response.headers.get("content-encoding") === "gzip";
    assertEquals(zipped, accepted === "gzip");
    const body = zipped
      ? response.body!.pipeThrough(new DecompressionStream("gzip"))
      : response.body!;
    const bytes = await new Response(body).bytes();
    if (!zipped) assertEquals(response.headers.get("content-length"), String(bytes.length));
    assertEquals(JSON.parse(new TextDecoder().decode(bytes)), JSON.parse(JSON.stringify(object)));
    clearInterval(timer);
    assert(turns >= 3, `other work ran ${turns} times`);
  }
});
