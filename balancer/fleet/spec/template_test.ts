import { assertEquals } from "@std/assert";
import type { Instance, Remains, Template } from "../../engine/engine.ts";
import { isUnpinned, resumeTemplate, sameRequest, sameTemplate } from "./template.ts";

const APP: Template = { image: "app:1" };
const OLD: Template = { ...APP, imageId: "sha256:old" };
const NEW: Template = { ...APP, imageId: "sha256:new", imageDigest: "app@sha256:d" };
const DEAD: Remains = { id: "dead", name: "Server9", spare: false };

function running(...templates: (Template | undefined)[]): Instance[] {
  return templates.map((template, k) => ({
    ...{ id: `${k}`, name: `Server${k}`, spare: false, startedAt: k },
    address: { hostname: "h", port: 1 },
    ...(template ? { template } : {}),
  }));
}

Deno.test("template: two are equal if reference, command, options and known image ids are", () => {
  assertEquals([sameTemplate(OLD, NEW), sameTemplate(APP, NEW), sameRequest(OLD, NEW)], [
    false,
    true,
    true,
  ]);
  assertEquals(sameTemplate(APP, { ...APP, command: "run" }), false);
  assertEquals(sameTemplate(APP, { ...APP, options: { pids: 5 } }), false);
  const [a, b] = [{ options: { pids: 5, cpus: 1 } }, { options: { cpus: 1, pids: 5 } }];
  assertEquals([sameTemplate(a, b), sameTemplate({}, { options: {} })], [true, true]);
});

Deno.test("template: only an image reference has to be resolved", () => {
  assertEquals([{}, { command: "run" }, APP, OLD].map(isUnpinned), [false, false, true, false]);
});

Deno.test("template: without a saved id the image is the one that most instances run", () => {
  const found = { settings: APP, remains: [] };
  assertEquals(resumeTemplate(APP, { ...found, running: running(NEW, OLD, OLD) }), OLD);
  assertEquals(resumeTemplate(APP, { ...found, running: running(undefined, { image: "b" }) }), APP);
  assertEquals(resumeTemplate(APP, { ...found, running: [] }), APP);
});

Deno.test("template: a saved image is kept while any instance of the fleet exists", () => {
  const found = { settings: APP, remains: [], running: [] };
  assertEquals(resumeTemplate(OLD, { ...found, running: running(OLD) }), OLD);
  assertEquals(resumeTemplate(OLD, { ...found, running: running(NEW, NEW) }), OLD);
  assertEquals(resumeTemplate(OLD, { ...found, remains: [DEAD] }), OLD);
});

Deno.test("template: without instances the reference of the settings is resolved again, that of a deploy is not", () => {
  const found = { remains: [], running: [] };
  assertEquals(resumeTemplate(NEW, { ...found, settings: APP }), APP);
  assertEquals(resumeTemplate(NEW, { ...found, settings: { image: "app:0" } }), NEW);
});

Deno.test("template: engines without images have nothing to resolve", () => {
  const found = { settings: {}, remains: [], running: running(undefined) };
  assertEquals(resumeTemplate({ command: "run" }, found), { command: "run" });
});
