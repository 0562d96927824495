import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fleetOf, frontNetwork, placesOf } from "./fleet_places.ts";
import { ROOT } from "./project.ts";
import { ToolError } from "./tool.ts";

Deno.test("places: the default fleet keeps the names and files of the first versions", () => {
  const { folder, stateFile, logFile, ...names } = placesOf("ringkeeper");
  assertEquals(names, {
    fleet: "ringkeeper",
    project: "ringkeeper",
    front: "ringkeeper",
    back: "ringkeeper-back",
    images: { balancer: "ringkeeper-balancer", replica: "ringkeeper-replica" },
    fleetFile: ".run/state/fleet.json",
    tokenFile: ".run/state/fleet.json.admin-token",
  });
  assertEquals([folder, stateFile, logFile].map(({ href }) => href.slice(ROOT.href.length)), [
    ".run/",
    ".run/state.json",
    ".run/balancer.log",
  ]);
});

const fleetName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,12}$/);

/** All places of a fleet that another fleet must not share. */
function namesOf(fleet: string): string[] {
  const { project, front, back, images, folder, ...files } = placesOf(fleet);
  const places = [folder.href, files.stateFile.href, files.logFile.href, files.fleetFile];
  return [project, front, back, ...Object.values(images), ...places];
}

Deno.test("places: two fleets have no name and no file in common", () => {
  const near = fc.tuple(fleetName, fc.constantFrom("-back", "-front", ".front", ".replicas", "-"))
    .chain(([name, end]) => fc.constantFrom(name, name + end, name.toUpperCase(), "back", "A.b"));
  fc.assert(fc.property(near, near, (one, other) => {
    if (one === other) return;
    const taken = new Set(namesOf(one));
    assertEquals(namesOf(other).filter((name) => taken.has(name)), []);
  }));
});

Deno.test("places: every fleet's project name is valid for either compose", () => {
  fc.assert(fc.property(fleetName, (fleet) => {
    const { project, front, back } = placesOf(fleet);
    assert(/^[a-z0-9][a-z0-9_-]*$/.test(project), project);
    assert(front < back, `${front}, ${back}`);
  }));
});

Deno.test("places: LB_FLEET is validated before it becomes a path", () => {
  assertEquals(fleetOf(() => undefined), "ringkeeper");
  assertEquals(fleetOf(() => "shop"), "shop");
  for (const wrong of ["../x", "a/b", ".", "a b", "x".repeat(64)]) {
    const error = assertThrows(() => fleetOf(() => wrong), ToolError, `got "${wrong}"`);
    assertEquals((error as ToolError).exitCode, 2);
  }
});

Deno.test("places: the front network sorts before that of the replicas, with any name", () => {
  assertEquals(frontNetwork("ringkeeper", "ringkeeper-back"), "ringkeeper");
  assertEquals(frontNetwork("ringkeeper", "ringkeeper"), "0-ringkeeper");
  assertEquals(frontNetwork("ringkeeper", "data"), "0-ringkeeper");
  assertThrows(() => frontNetwork("ringkeeper", "0"), ToolError, 'got "0"');
});
