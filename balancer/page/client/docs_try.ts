/**
 * Tries the reading calls of the API's description.
 *
 * @module
 */
import "./docs.css";
import { TOKEN_KEY } from "./token_key.ts";

/** Limit on the shown characters of an answer. */
const SHOWN = 20_000;

for (const form of document.querySelectorAll<HTMLFormElement>("form.try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void tryCall(form);
  });
}

async function tryCall(form: HTMLFormElement): Promise<void> {
  const output = form.querySelector("output");
  if (!output) return;
  output.textContent = "…";
  output.textContent = await answerOf(form.dataset["path"] ?? "", new FormData(form));
}

/** The path is relative to the page, so that a proxy's prefix stays. */
async function answerOf(path: string, fields: FormData): Promise<string> {
  const given = [...fields].flatMap(([name, value]) =>
    typeof value === "string" && value !== "" ? [[name, value]] : []
  );
  const query = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  const token = sessionStorage.getItem(TOKEN_KEY);
  try {
    const response = await fetch(path.replace("/_lb/", "./").replace(/^\//, "../") + query, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      cache: "no-store",
    });
    return `${response.status}\n${pretty(await response.text()).slice(0, SHOWN)}`;
  } catch (error) {
    return `The balancer does not answer: ${error}`;
  }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Metrics are text.
    return text;
  }
}
