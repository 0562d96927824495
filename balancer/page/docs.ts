/**
 * The API's documentation as a static HTML page, generated from the OpenAPI document.
 *
 * @module
 */
import { html } from "hono/html";
import type { oas32 } from "zod-openapi";
import { code, fields, type Html, prose, type Schema, typeOf } from "./docs_schema.ts";

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** The location of a parameter. */
const WHENCE: Readonly<Record<string, string>> = {
  path: "in the path",
  query: "in the query",
  header: "header field",
};

/** An operation with its method and path. */
interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: oas32.OperationObject;
}

/**
 * Renders an OpenAPI document.
 *
 * @param document the API's description; its references point only to component schemas
 */
export function docs(document: oas32.OpenAPIObject): Html {
  const places = placesOf(document);
  const groups = (document.tags ?? []).map((tag) => ({
    ...tag,
    places: places.filter(({ operation }) => operation.tags?.includes(tag.name)),
  }));
  return html`
    <nav
      aria-label="Calls">${groups.map(({ name, places }) =>
        html`
          <h2>${name}</h2>
          <ul>${places.map(linkTo)}</ul>
        `
      )}<h2>More</h2><ul><li><a href="#token">Token</a></li><li><a href="#schemas">Schemas</a></li></ul>
    </nav>
    <main>
    <p class="lead">${prose(document.info.description ?? "")}</p>
    ${groups.map(({ name, description = "", places }) =>
      html`<section class="group" aria-labelledby="group-${name}">
<h2 id="group-${name}">${name}</h2><p class="soft">${description}</p>${places.map(call)}</section>`
    )}
    ${token(document)}
    ${schemas(document)}
    </main>
  `;
}

function placesOf({ paths = {} }: oas32.OpenAPIObject): Place[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method];
      return operation ? [{ method: method.toUpperCase(), path, operation }] : [];
    })
  );
}

function linkTo({ method, path, operation }: Place): Html {
  return html`<li><a href="#${operation.operationId}">${
    verb(method)
  } <span>${path}</span></a></li>`;
}

function verb(method: string): Html {
  return html`<span class="verb ${method.toLowerCase()}">${method}</span>`;
}

function call({ method, path, operation }: Place): Html {
  const { operationId: id, summary, description } = operation;
  return html`<article class="card" aria-labelledby="${id}">
<h3 id="${id}"><a href="#${id}">${verb(method)} <span>${path}</span></a></h3>
<p class="summary">${summary}. <span class="tag">${scopeOf(operation)}</span></p>
${description ? html`<p>${prose(description)}</p>` : ""}
${parameters(operation)}${body(operation)}${answers(operation)}${tryIt(method, path, operation)}
</article>`;
}

/** Types of answers that end, and can be read. */
const READABLE = ["application/json", "text/plain"];

/** A form for a call that only reads. */
function tryIt(method: string, path: string, operation: oas32.OperationObject): Html | "" {
  const success = operation.responses?.["200"];
  const types = success && "content" in success ? Object.keys(success.content ?? {}) : [];
  const { operationId: id, parameters = [] } = operation;
  if (method !== "GET" || !types.some((type) => READABLE.includes(type))) return "";
  const fields = parameters.flatMap((one) =>
    "name" in one && one.in === "query"
      ? [html`<label>${one.name} <input name="${one.name}" autocomplete="off"></label>`]
      : []
  );
  return html`<form class="try" data-path="${path}" aria-label="Try ${id}">${fields}
<button type="submit">Try it</button><output tabindex="0" aria-label="Answer of ${id}"></output></form>`;
}

/** In words; the document names the scope that a token needs. */
function scopeOf({ security = [] }: oas32.OperationObject): string {
  const scopes = security.flatMap((requirement) => Object.values(requirement).flat());
  return scopes.length === 0 ? "for everyone" : `scope ${scopes.join(", ")}`;
}

function parameters({ parameters = [] }: oas32.OperationObject): Html | "" {
  if (parameters.length === 0) return "";
  const rows = parameters.map((one) => {
    if ("$ref" in one) throw new TypeError("parameters are described where they are used");
    const { name, required = false, description = "", schema = {} } = one;
    return html`
      <dt>${code(name)}</dt>
      <dd>${typeOf(schema as Schema)}, ${WHENCE[one.in]}${required ? ", required" : ""}${description
        ? html`<br>${prose(description)}`
        : ""}</dd>
    `;
  });
  return html`
    <h4>Parameters</h4>
    <dl class="fields">${rows}</dl>
  `;
}

function body({ requestBody }: oas32.OperationObject): Html | "" {
  const content = requestBody && "content" in requestBody ? requestBody.content : {};
  const media = content["application/json"];
  if (!media || !("schema" in media)) return "";
  const { schema, example } = media;
  return html`<h4>Body</h4>
<pre tabindex="0" aria-label="Example of a body">${JSON.stringify(example)}</pre>
${fields(schema as Schema)}`;
}

function answers({ responses = {} }: oas32.OperationObject): Html {
  return html`
    <h4>Answers</h4>
    <dl class="answers">${Object.entries(responses).map(([status, response]) =>
      html`
        <dt class="${Number(status) < 400 ? "good" : "bad"}">${status}</dt>
        <dd>${answer(response)}</dd>
      `
    )}</dl>
  `;
}

function answer(response: oas32.ResponseObject | oas32.ReferenceObject): Html {
  if ("$ref" in response) throw new TypeError("answers are described where they are given");
  const kinds = Object.entries(response.content ?? {}).map(([type, media]) => kindOf(type, media));
  return html`${prose(response.description ?? "")}${
    kinds.length > 0
      ? html`
        <span class="kind">${kinds}</span>
      `
      : ""
  }`;
}

function kindOf(type: string, media: oas32.MediaTypeObject | oas32.ReferenceObject): Html {
  const event = "schema" in media && (media.schema as { contentSchema?: Schema }).contentSchema;
  if (event) return html`${code(type)} of ${typeOf(event)}`;
  const json = type === "application/json" && "schema" in media;
  return json ? typeOf(media.schema as Schema) : code(type);
}

function token({ components }: oas32.OpenAPIObject): Html {
  const scheme = components?.securitySchemes?.["token"];
  const description = scheme && "description" in scheme ? scheme.description : undefined;
  return html`
    <section class="group" aria-labelledby="token">
      <h2 id="token">Token</h2>
      <div class="card">
        <pre tabindex="0" aria-label="The header field">Authorization: Bearer &lt;token&gt;</pre>
        <p>${prose(description ?? "")}</p>
      </div>
    </section>
  `;
}

function schemas({ components }: oas32.OpenAPIObject): Html {
  const all = Object.entries(components?.schemas ?? {}).sort(([a], [b]) => a < b ? -1 : 1);
  return html`<section class="group" aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>${
    all.map(([name, schema]) =>
      html`<article class="card" aria-labelledby="schema-${name}">
<h3 id="schema-${name}"><a href="#schema-${name}">${name}</a></h3>
${described(schema as Schema)}${fields(schema as Schema)}</article>`
    )
  }</section>`;
}

function described({ description }: Schema): Html | "" {
  return description ? html`<p>${prose(description)}</p>` : "";
}
