import { assertEquals } from "@std/assert";
import { type Certificate, CertificateTable } from "./certificate_table.ts";

function certificate(...names: string[]): Certificate {
  return { cert: names.join(), key: "", names };
}

const ONE = certificate("a.test");
const TWO = certificate("b.test", "*.b.test");
const SECOND = certificate("a.test", "x.b.test");

Deno.test("a name finds its certificate: exact before wildcard, the first before the next", () => {
  const table = new CertificateTable([ONE, TWO, SECOND], true);
  assertEquals(table.find("a.test"), ONE);
  assertEquals(table.find("A.TEST."), ONE, "case and a root's dot do not count");
  assertEquals(table.find("y.b.test"), TWO);
  assertEquals(table.find("x.b.test"), SECOND);
});

Deno.test("a wildcard stands for one label, and not for none", () => {
  const table = new CertificateTable([certificate("*.b.test")], true);
  for (const name of ["b.test", "x.y.b.test", ".b.test", "xb.test", "", "test", "*"]) {
    assertEquals(table.find(name), undefined, name);
  }
});

Deno.test("unknown names get the first certificate unless the table is strict", () => {
  assertEquals(new CertificateTable([ONE, TWO], false).find("c.test"), ONE);
  assertEquals(new CertificateTable([ONE, TWO], false).find(""), ONE);
  assertEquals(new CertificateTable([ONE, TWO], true).find("c.test"), undefined);
  assertEquals(new CertificateTable([], false).find("c.test"), undefined);
});

Deno.test("a name that waits for its certificate gets no other one", () => {
  const table = new CertificateTable([ONE, TWO], false, ["a.test", "c.test"]);
  assertEquals(table.find("C.test."), undefined);
  assertEquals(table.find("a.test"), ONE);
  assertEquals(table.find("d.test"), ONE);
});
