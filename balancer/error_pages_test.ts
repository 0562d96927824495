import { assertEquals, assertThrows } from "@std/assert";
import { systemTest as test } from "../tools/test/needs.ts";
import { ConfigError } from "./config.ts";
import { loadErrorPages } from "./error_pages.ts";

async function folderOf(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
  return folder;
}

test("the pages of a folder are loaded by name, and other files are ignored", async () => {
  const folder = await folderOf({
    "503.html": "é",
    "4xx.html": "a",
    "maintenance.html": "m",
    "style.css": "",
  });
  assertEquals(loadErrorPages(folder), [
    { name: "4xx", html: "a" },
    { name: "503", html: "é" },
    { name: "maintenance", html: "m" },
  ]);
  assertEquals(loadErrorPages(""), []);
  await Deno.remove(folder, { recursive: true });
});

test("every fault names the file, the bound and what was found", async () => {
  const folder = await folderOf({
    "40x.html": "a",
    "200.html": "a",
    "404.html": "",
    "500.html": "x".repeat(65_537),
    "502.html": new Uint8Array([0xff]),
    "503.html": "fine",
  });
  const rule = "the name must be a status from 400 to 599, 4xx, 5xx or maintenance, and .html";
  const { faults } = assertThrows(() => loadErrorPages(folder), ConfigError);
  assertEquals(faults, [
    `LB_ERROR_PAGES: ${folder}/200.html: ${rule}; got 200.html`,
    `LB_ERROR_PAGES: ${folder}/404.html: must have 1 to 65536 bytes; got 0`,
    `LB_ERROR_PAGES: ${folder}/40x.html: ${rule}; got 40x.html`,
    `LB_ERROR_PAGES: ${folder}/500.html: must have 1 to 65536 bytes; got 65537`,
    `LB_ERROR_PAGES: ${folder}/502.html: must be UTF-8; got other bytes`,
  ]);
  await Deno.remove(folder, { recursive: true });
});

test("all pages together, and a folder that is not there, have their bound", async () => {
  const many = Array.from({ length: 17 }, (_, i) => [`${400 + i}.html`, "x".repeat(65_536)]);
  const folder = await folderOf(Object.fromEntries(many));
  assertEquals(assertThrows(() => loadErrorPages(folder), ConfigError).faults, [
    `LB_ERROR_PAGES: ${folder}: all pages must have at most 1048576 characters; got 1114112`,
  ]);
  await Deno.remove(folder, { recursive: true });
  const [fault = ""] = assertThrows(() => loadErrorPages(folder), ConfigError).faults;
  const start = `LB_ERROR_PAGES: must be a folder that the balancer may read; got ${folder}: `;
  assertEquals(fault.startsWith(start), true, fault);
});
