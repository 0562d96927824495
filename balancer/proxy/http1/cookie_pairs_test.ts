import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CookiePairs, writeCookiesWithout } from "./cookie_pairs.ts";
import { latin1 } from "./latin1.ts";
import { RequestHead } from "./request_head.ts";
import { ascii } from "./writer.ts";

function parsed(...fields: string[]): { readonly bytes: Uint8Array; readonly head: RequestHead } {
  const lines = ["GET / HTTP/1.1", "Host: a", ...fields, "", ""];
  const bytes = Uint8Array.from(lines.join("\r\n"), (letter) => letter.charCodeAt(0));
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  return { bytes, head };
}

function pairsOf(...fields: string[]): string[][] {
  const { bytes, head } = parsed(...fields);
  const found: string[][] = [];
  const pairs = new CookiePairs();
  for (pairs.begin(bytes, head.fields); pairs.next();) {
    found.push([
      latin1(bytes, pairs.start, pairs.nameEnd),
      latin1(bytes, pairs.valueStart, pairs.end),
    ]);
  }
  return found;
}

function without(name: string, ...fields: string[]): string {
  const { bytes, head } = parsed(...fields);
  const out = new Uint8Array(4096);
  return latin1(out, 0, writeCookiesWithout(out, 0, bytes, head.fields, ascii(name)));
}

Deno.test("cookies are read from every Cookie field, without the blanks around them", () => {
  assertEquals(pairsOf("Cookie: a=1; b = x=y ;\tc=", "X: d=4", "cookie:e=5"), [
    ["a", "1"],
    ["b", "x=y"],
    ["c", ""],
    ["e", "5"],
  ]);
  assertEquals(pairsOf("Cookie: plain;; =v"), [["", "plain"], ["", ""], ["", "v"]]);
  assertEquals(pairsOf("Cookie:"), []);
  assertEquals(pairsOf(), []);
});

Deno.test("the cookies of one name are left out, the others keep their bytes and their order", () => {
  assertEquals(without("lb", "Cookie: a=1; lb=x;b=2"), "Cookie: a=1; b=2\r\n");
  assertEquals(without("lb", "Cookie: lb=x", "Cookie: lb = y ;c=3"), "Cookie: c=3\r\n");
  assertEquals(without("lb", "Cookie: lb=x; lb=y"), "");
  assertEquals(
    without("lb", "Cookie: LB=1; lbx=2; lb; xlb=3"),
    "Cookie: LB=1; lbx=2; lb; xlb=3\r\n",
  );
  assertEquals(without("lb", "Cookie: a=\xe9;;lb=x"), "Cookie: a=\xe9\r\n");
});

const TEXT = fc.string({
  unit: fc.constantFrom("l", "b", "=", ";", " ", "\t", "x"),
  maxLength: 30,
});

Deno.test("no cookie of the name is written, and no other one is lost", () => {
  fc.assert(
    fc.property(fc.array(TEXT, { maxLength: 3 }), (values) => {
      const fields = values.map((value) => `Cookie: ${value}`);
      const left = without("lb", ...fields);
      const expected = pairsOf(...fields).filter(([name, value]) =>
        name !== "lb" && (name || value)
      );
      const lines = left.split("\r\n").slice(0, -1);
      assertEquals(pairsOf(...lines).filter(([name, value]) => name || value), expected);
    }),
    { seed: 20, numRuns: 500 },
  );
});
