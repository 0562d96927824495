import { assertEquals } from "@std/assert";
import { type Column, textOf } from "./result.ts";

const OWN: Column = {
  ...{ name: "ours", about: "", kind: "own", losses: ["get k: 503"] },
  values: { lost: 1, fullP50: 10.4, fullMax: 20 },
};
const MISSING: Column = {
  ...{ name: "haproxy", about: "", kind: "peer", values: {}, losses: [] },
  fault: "not installed",
};

Deno.test("a table has a column for each contestant; missing ones and losses follow", () => {
  const lines = [
    { label: "lost", keys: ["lost"], digits: 0 },
    { label: "full ring", keys: ["fullP50", "fullP99", "fullMax"], digits: 0 },
    { label: "create", keys: ["createP50"], digits: 0 },
  ];
  const table = { name: "kills", title: "kills: all", lines, columns: [OWN, MISSING] };
  assertEquals(textOf(table).split("\n"), [
    "kills: all",
    "|           |        ours |",
    "| --------- | ----------: |",
    "| lost      |           1 |",
    "| full ring | 10 / - / 20 |",
    "| create    |           - |",
    "haproxy: not installed",
    "ours: lost: get k: 503",
  ]);
});
