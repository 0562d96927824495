import { assert, assertEquals } from "@std/assert";
import { parseLdd, standInFiles } from "./stand_in.ts";
import { systemTest as test } from "../test/needs.ts";

Deno.test("stand-in: ldd lists libraries by name and the loader by path", () => {
  const text = [
    "\tlinux-vdso.so.1 (0x00007ffd)",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)",
    "\tlibmissing.so => not found",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f)",
  ].join("\n");
  const expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];
  assertEquals(parseLdd(text), expected);
});

test({
  name: "stand-in: holds this deno, the C library and what it loads",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const files = await standInFiles(Deno.execPath());
    assertEquals(files.get("/usr/bin/deno"), Deno.execPath());
    assert([...files.keys()].some((path) => path.endsWith("/libc.so.6")));
  },
});
