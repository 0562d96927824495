import { assertEquals, assertStringIncludes } from "@std/assert";
import { ErrorPages } from "./error_pages.ts";
import type { FailureMessage } from "./error_response.ts";

const BROWSER = "text/html,*/*;q=0.8";

function failure(status: number, more: Partial<FailureMessage> = {}): FailureMessage {
  return {
    status,
    message: "no <replica>",
    close: false,
    withBody: true,
    accept: BROWSER,
    ...more,
  };
}

function htmlOf(pages: ErrorPages, answer: FailureMessage): string | undefined {
  const { content } = pages.present(answer);
  return content && new TextDecoder().decode(content.bytes);
}

const PAGES = new ErrorPages([
  { name: "503", html: "exact" },
  { name: "5xx", html: "any {{ request_id }}|{{request_id}}|{{message}}|{{other}}" },
]);

Deno.test("the page of the status comes before that of its class; without either it is JSON", () => {
  assertEquals(htmlOf(PAGES, failure(503)), "exact");
  assertEquals(htmlOf(PAGES, failure(502, { requestId: "r1" })), "any r1|r1||{{other}}");
  assertEquals(PAGES.present(failure(404)), failure(404));
  assertEquals(new ErrorPages().present(failure(503)), failure(503));
});

Deno.test("a page is HTML, and both forms say that they depend on Accept", () => {
  const answer = PAGES.present(failure(503, { fields: ["A: b"] }));
  assertEquals(answer.content?.type, "text/html; charset=utf-8");
  assertEquals(answer.fields, ["A: b", "Vary: Accept"]);
  const json = failure(503, { accept: "*/*" });
  assertEquals(PAGES.present(json), { ...json, fields: ["Vary: Accept"] });
});

Deno.test("an answer for the API, and one with its own content, stay as they are", () => {
  const { accept: _, ...api } = failure(503);
  assertEquals(PAGES.present(api), api);
  const own = failure(503, { content: { type: undefined, bytes: new Uint8Array() } });
  assertEquals(PAGES.present(own), own);
});

Deno.test("a request id cannot add markup to a page", () => {
  const requestId = `<script>"'&\xe9`;
  const escaped = "&lt;script&gt;&quot;&#39;&amp;é";
  assertEquals(htmlOf(PAGES, failure(502, { requestId })), `any ${escaped}|${escaped}||{{other}}`);
});

Deno.test("a maintenance has a page of its own, then that of its status, then a built-in one", () => {
  const answer = failure(503, { page: "maintenance", message: "back at <10>" });
  const own = new ErrorPages([{ name: "maintenance", html: "<p>{{message}}" }]);
  assertEquals(htmlOf(own, answer), "<p>back at &lt;10&gt;");
  assertEquals(htmlOf(PAGES, answer), "exact");
  assertStringIncludes(htmlOf(new ErrorPages(), answer) ?? "", "<p>back at &lt;10&gt;</p>");
  assertEquals(htmlOf(own, failure(503)), undefined);
});
