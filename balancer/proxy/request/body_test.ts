import { assertEquals, assertThrows } from "@std/assert";
import { RefusedError, RequestBody } from "./body.ts";

function take(body: RequestBody, text: string): string {
  const bytes = new TextEncoder().encode(text);
  return text.slice(0, body.take(bytes, 0, bytes.length));
}

function assertRefused(task: () => unknown, status: number): void {
  assertEquals(assertThrows(task, RefusedError).fault.status, status);
}

Deno.test("a body with a length ends there, however it is cut", () => {
  const body = new RequestBody();
  body.begin(5, false, Infinity);
  assertEquals([take(body, "abc"), body.complete], ["abc", false]);
  assertEquals([take(body, "deGET /"), body.complete], ["de", true]);
  assertEquals(take(body, "GET /"), "");
});

Deno.test("a request without length and chunks has no body", () => {
  const body = new RequestBody();
  for (const length of [-1, 0]) {
    body.begin(length, false, Infinity);
    assertEquals([body.complete, take(body, "GET /")], [true, ""]);
  }
});

Deno.test("a chunked body ends behind its trailers, however it is cut", () => {
  const body = new RequestBody();
  const text = "3;x\r\nabc\r\n0\r\nX: 1\r\n\r\n";
  body.begin(-1, true, Infinity);
  assertEquals([take(body, `${text}GET /`), body.complete], [text, true]);
  body.begin(-1, true, Infinity);
  assertEquals([...text].map((letter) => take(body, letter)).join(""), text);
  assertEquals(body.complete, true);
});

Deno.test("a body that is too large is refused, by its length or as soon as it shows", () => {
  const body = new RequestBody();
  body.begin(5, false, 5);
  assertRefused(() => body.begin(6, false, 5), 413);
  body.begin(-1, true, 5);
  assertEquals(take(body, "5\r\nabcde\r\n"), "5\r\nabcde\r\n");
  assertRefused(() => take(body, "1\r\nf"), 413);
});

Deno.test("chunks that are malformed are refused", () => {
  const body = new RequestBody();
  body.begin(-1, true, Infinity);
  take(body, "1\r\na");
  assertRefused(() => take(body, "b"), 400);
});

Deno.test("the state of one body does not affect the next", () => {
  const body = new RequestBody();
  body.begin(-1, true, 5);
  take(body, "5\r\nab");
  body.begin(-1, true, 5);
  assertEquals([take(body, "5\r\nabcde\r\n0\r\n\r\n").length, body.complete], [15, true]);
  body.begin(3, false, Infinity);
  assertEquals([body.complete, take(body, "abcd")], [false, "abc"]);
});
