import { assertEquals } from "@std/assert";
import { isConnectionAuth } from "./connection_auth.ts";

Deno.test("NTLM and Negotiate are found in credentials and in lists of challenges", () => {
  const table: [value: string, found: boolean][] = [
    ["NTLM TlRMTVNTUAAB", true],
    ["Negotiate", true],
    ["negotiate YII", true],
    ["ntlm", true],
    ['Basic realm="x", NTLM', true],
    ["Basic,Negotiate", true],
    ["Basic , \tNegotiate abc", true],
    ["Basic TlRMTSA=", false],
    ["Bearer ntlm", false],
    ["NTLMv3 x", false],
    ["Negotiated", false],
    ["NTL", false],
    ["", false],
    [",", false],
  ];
  for (const [value, found] of table) {
    const bytes = new TextEncoder().encode(`x${value}, NTLM`);
    assertEquals(isConnectionAuth(bytes, 1, 1 + value.length), found, value);
  }
});
