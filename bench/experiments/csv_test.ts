import { assertEquals } from "@std/assert";
import { csvOf } from "./csv.ts";

Deno.test("the first line of CSV names the columns", () => {
  const rows = [{ name: "Server1", requests: 3342 }, { name: "Server2", requests: 3317 }];
  assertEquals(csvOf(rows), "name,requests\nServer1,3342\nServer2,3317\n");
});

Deno.test("a value with a comma, a quote or a line's end is quoted", () => {
  assertEquals(
    csvOf([{ a: "1,2", b: 'say "no"', c: "x\ny" }]),
    'a,b,c\n"1,2","say ""no""","x\ny"\n',
  );
});

Deno.test("what is no number leaves its cell empty", () => {
  assertEquals(csvOf([{ a: NaN, b: 0 }]), "a,b\n,0\n");
});
