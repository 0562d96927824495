import { assertEquals } from "@std/assert";
import { endToEnd, pairs, requestFields } from "./fields.ts";

Deno.test("hop-by-hop fields and those that Connection names do not cross", () => {
  const fields = pairs([
    ...["Host", "a", "Connection", "close, X-Secret", "Keep-Alive", "5", "X-Secret", "1"],
    ...["TE", "trailers", "Upgrade", "h2c", "Transfer-Encoding", "chunked", "Accept", "*/*"],
  ]);
  assertEquals(endToEnd(fields), [["Host", "a"], ["Accept", "*/*"]]);
});

Deno.test("a request says whom it comes from and through, after what it said already", () => {
  const sent = requestFields([["x-forwarded-for", "192.0.2.1"], ["via", "1.0 front"], ["a", "b"]], {
    client: "192.0.2.2",
    host: "example.org",
    requestId: "7",
  });
  assertEquals(sent, [
    ["a", "b"],
    ["x-request-id", "7"],
    ["via", "1.0 front, 1.1 ringkeeper"],
    ["x-forwarded-for", "192.0.2.1, 192.0.2.2"],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", "example.org"],
  ]);
});

Deno.test("fields that are repeated cross as often as they came", () => {
  const cookies = pairs(["set-cookie", "a=1", "set-cookie", "b=2"]);
  assertEquals(endToEnd(cookies), cookies);
});
