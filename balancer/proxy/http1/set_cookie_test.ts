import { assertEquals } from "@std/assert";
import { latin1 } from "./latin1.ts";
import { ResponseHead } from "./response_head.ts";
import { hideSetCookie, setCookieBytes, writeSetCookie } from "./set_cookie.ts";
import { HIDDEN } from "./field_kind.ts";
import { ascii } from "./writer.ts";

Deno.test("the lines of a cookie are its three parts", () => {
  const cookie = { before: ascii("Set-Cookie: lb="), value: "v", after: ascii("; Path=/\r\n") };
  const out = new Uint8Array(100);
  const end = writeSetCookie(out, 2, cookie);
  assertEquals(latin1(out, 2, end), "Set-Cookie: lb=v; Path=/\r\n");
  assertEquals(end - 2, setCookieBytes(cookie));
});

Deno.test("a replica's Set-Cookie of that name is hidden, and no other field", () => {
  const fields = [
    "Set-Cookie: lb=x; Path=/",
    "set-cookie:lb =x",
    "Set-Cookie: lbx=1",
    "Set-Cookie: LB=1",
    "Set-Cookie: lb",
    "Set-Cookie: a=1; lb=2",
    "X-Cookie: lb=1",
    "Set-Cookie:",
  ];
  const text = ["HTTP/1.1 200 OK", ...fields, "", ""].join("\r\n");
  const bytes = ascii(text);
  const head = new ResponseHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  hideSetCookie(head.fields, bytes, ascii("lb"));
  const hidden = fields.filter((_, i) => head.fields.kind(i) === HIDDEN);
  assertEquals(hidden, fields.slice(0, 2));
});
