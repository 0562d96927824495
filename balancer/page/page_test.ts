import { assert, assertEquals, assertMatch } from "@std/assert";
import { Hono } from "hono";
import { Assets } from "./assets.ts";
import { sendFile, sendPage } from "./page.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Answers pages as the control API does. */
function app(): Hono {
  const [app, assets] = [new Hono(), new Assets()];
  app.get("/_lb/", async (c) => sendPage(c, await assets.find("index.html")));
  app.get("/_lb/page/:file", async (c) => sendFile(c, await assets.find(c.req.param("file"))));
  return app;
}

/** The paths of the files that the page names. */
async function files(): Promise<string[]> {
  const html = await (await app().request("/_lb/")).text();
  return [...html.matchAll(/(?:src|href)="(page\/[^"]+)"/g)].map(([, path]) => `/_lb/${path}`);
}

test("the page is revalidated each time, its files are cached", async () => {
  const page = await app().request("/_lb/");
  assertEquals([page.status, page.headers.get("cache-control")], [200, "no-cache"]);
  await page.body?.cancel();
  const paths = await files();
  assertEquals(paths.map((path) => path.split(".").at(-1)).sort(), ["css", "js"]);
  for (const path of paths) {
    const file = await app().request(path);
    assertMatch(path, /-[0-9a-f]{8}\.(?:js|css)$/);
    assertEquals(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
    await file.body?.cancel();
  }
});

test("the page loads less than 100 kB, compressed for clients that accept that", async () => {
  const script = (await files()).find((path) => path.endsWith(".js")) ?? "";
  const plain = await (await app().request(script)).bytes();
  const zipped = await app().request(script, { headers: { "accept-encoding": "br, gzip" } });
  assertEquals(zipped.headers.get("content-encoding"), "gzip");
  assertEquals(zipped.headers.get("vary"), "accept-encoding");
  const sent = await zipped.bytes();
  const stream = new Response(sent).body?.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(stream).bytes(), plain);
  const style = (await files()).find((path) => path.endsWith(".css")) ?? "";
  const styled = await app().request(style, { headers: { "accept-encoding": "gzip" } });
  const total = sent.length + (await styled.bytes()).length;
  assert(total < 100_000, `${total}`);
});

test("the page has no inline code, and loads nothing from elsewhere", async () => {
  for (const path of ["/_lb/", ...await files()]) {
    const answer = await app().request(path);
    const policy = answer.headers.get("content-security-policy") ?? "";
    assertMatch(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assertMatch(policy, /frame-ancestors 'none'; form-action 'none'/);
    assert(!policy.includes("unsafe"), policy);
    assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
    assertEquals(answer.headers.get("referrer-policy"), "no-referrer");
    assertEquals(answer.headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(answer.headers.get("cross-origin-resource-policy"), "same-origin");
    assertMatch(answer.headers.get("permissions-policy") ?? "", /camera=\(\), .*usb=\(\)/);
    await answer.body?.cancel();
  }
  const html = await (await app().request("/_lb/")).text();
  assertEquals(
    [...html.matchAll(/<style|style=|<script>|(?:src|href)="(?:https?:)?\/\//g)].map(([text]) =>
      text
    ),
    [],
  );
});

test("a missing file is a 404, and no name leads out of the folder", async () => {
  for (const name of ["gone-00000000.js", "..%2Fpage.ts", "..%2F..%2Fmain.js", "index", "a/b.js"]) {
    const answer = await app().request(`/_lb/page/${name}`);
    assertEquals(answer.status, 404, name);
    await answer.body?.cancel();
  }
});
