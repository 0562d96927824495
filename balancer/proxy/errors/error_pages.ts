/**
 * The operator's own pages for errors of the balancer, for clients that prefer HTML.
 *
 * @module
 */
import { prefersHtml } from "../http1/accept.ts";
import type { ErrorPage } from "../settings.ts";
import type { FailureMessage } from "./error_response.ts";

const HTML_TYPE = "text/html; charset=utf-8";

/** The answer depends on Accept, so caches must not mix the forms. */
const VARY = "Vary: Accept";

/** The page of a maintenance without a page of the operator's. */
const BUILT_IN = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Maintenance</title>
</head>
<body>
<h1>Maintenance</h1>
<p>{{message}}</p>
</body>
</html>
`;

/** Chooses and fills pages. */
export class ErrorPages {
  readonly #pages: ReadonlyMap<string, Template>;
  readonly #builtIn = new Template(BUILT_IN);

  /** @param pages the pages, each under its own name */
  constructor(pages: readonly ErrorPage[] = []) {
    this.#pages = new Map(pages.map(({ name, html }) => [name, new Template(html)]));
  }

  /** Whether the form of an answer depends on the client. */
  chooses({ page, content }: Pick<FailureMessage, "page" | "content">): boolean {
    return content === undefined && (page !== undefined || this.#pages.size > 0);
  }

  /**
   * Returns an answer in the form that its client prefers.
   *
   * @param failure the answer; it stays JSON without the client's Accept, and without a page
   */
  present(failure: FailureMessage): FailureMessage {
    const { accept, requestId = "", message, page } = failure;
    const template = this.chooses(failure) && accept !== undefined && this.#templateOf(failure);
    if (!template) return failure;
    const fields = [...failure.fields ?? [], VARY];
    if (!prefersHtml(accept)) return { ...failure, fields };
    // Only the message of a maintenance is written for users.
    const bytes = template.fill({ request_id: requestId, message: page ? message : "" });
    return { ...failure, fields, content: { type: HTML_TYPE, bytes } };
  }

  #templateOf({ status, page }: FailureMessage): Template | undefined {
    const names = [String(status), `${Math.floor(status / 100)}xx`];
    for (const name of page ? [page, ...names] : names) {
      const found = this.#pages.get(name);
      if (found) return found;
    }
    return page ? this.#builtIn : undefined;
  }
}

const PLACEHOLDER = /\{\{ *(request_id|message) *\}\}/;

type Values = Readonly<Record<"request_id" | "message", string>>;

/** A page as bytes between placeholders. */
class Template {
  /** Texts, with the name of a placeholder at each odd index. */
  readonly #parts: readonly string[];

  constructor(html: string) {
    this.#parts = html.split(PLACEHOLDER);
  }

  fill(values: Values): Uint8Array {
    const filled = this.#parts.map((part, i) =>
      i % 2 === 0 ? part : escapeHtml(values[part as keyof Values])
    );
    return new TextEncoder().encode(filled.join(""));
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter]!);
}
