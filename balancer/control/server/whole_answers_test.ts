import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { compressed, measured } from "./whole_answers.ts";

const HOSTILE = "key\u009b2J\u0085\u007f\u2028\u001b[31m ü 世界";

const app = new Hono();
app.use(compressed, measured);
app.get("/json", (c) => c.json({ key: HOSTILE, [HOSTILE]: 1 }));
app.get("/error", (c) => c.json({ message: HOSTILE }, 400));
app.get("/long", (c) => c.json({ key: HOSTILE.repeat(200) }));

Deno.test("JSON has no terminal control characters, and its meaning is unchanged", async () => {
  for (const path of ["/json", "/error", "/long"]) {
    const response = await app.request(path);
    const text = await response.text();
    // deno-lint-ignore no-control-regex -- the forbidden characters
    assert(!/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text), text);
    assert(text.includes("ü 世界"));
  }
  assertEquals(await (await app.request("/json")).json(), { key: HOSTILE, [HOSTILE]: 1 });
});

Deno.test("the length of an answer is that of its bytes", async () => {
  const response = await app.request("/json");
  const length = Number(response.headers.get("content-length"));
  assertEquals(length, (await response.bytes()).length);
});

Deno.test("a long answer is compressed in parts, and other work runs between them", async () => {
  const long = { text: "long ".repeat(1_000_000) };
  const app = new Hono();
  app.use(compressed, measured);
  app.get("/", (c) => c.json(long));
  for (const accepted of ["gzip", "identity"]) {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const response = await app.request("/", { headers: { "accept-encoding": accepted } });
    const body = response.headers.get("content-encoding") === "gzip"
      ? response.body!.pipeThrough(new DecompressionStream("gzip"))
      : response.body!;
    assertEquals(await new Response(body).json(), long);
    clearInterval(timer);
    assert(turns >= 10, `other work ran ${turns} times`);
  }
});
