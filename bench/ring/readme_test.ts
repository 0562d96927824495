import { assert, assertEquals, assertThrows } from "@std/assert";
import { ROOT } from "../../tools/project.ts";
import { figuresOf } from "./layout_figures.ts";
import { between, README, withLayouts } from "./readme.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

const PAGE = PERMITTED ? await Deno.readTextFile(new URL(README, ROOT)) : "";

test("the ring's README has the layouts' figures that the code gives (bench:ring --layouts writes them)", () => {
  assertEquals(withLayouts(PAGE), PAGE);
});

Deno.test("everything that the ring's README links to is there", async () => {
  for (const [, target] of PAGE.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)) {
    assert(await Deno.stat(new URL(target!, new URL(README, ROOT))), target);
  }
});

Deno.test("each layout is even or moves nothing needlessly, as the README says", () => {
  const even = figuresOf("even", 512, 10);
  assert(even.most - even.least < 10 / 512 + 1e-9);
  assertEquals(figuresOf("rendezvous", 512, 10).leaveNeedless, 0);
  assertEquals(figuresOf("rendezvous", 512, 10).joinNeedless, 0);
});

Deno.test("the text between two marks is replaced, any number of times", () => {
  const page = "before\n\n<!-- a -->\nold\n<!-- /a -->\n\nafter\n";
  const once = between(page, "a", "new");
  assertEquals(once, "before\n\n<!-- a -->\n\nnew\n\n<!-- /a -->\n\nafter\n");
  assertEquals(between(once, "a", "new"), once);
});

Deno.test("a page without its marks is refused", () => {
  assertThrows(() => between("<!-- /a --> <!-- a -->", "a", ""), RangeError, "<!-- a -->");
});
