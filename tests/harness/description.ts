/**
 * The API's description, to hold answers against it.
 *
 * @module
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import formats from "ajv-formats";

/** The part of an OpenAPI document that is read here. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

/** An operation, as far as it is read here. */
interface DescribedOperation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, Media>>;

interface Media {
  readonly schema?: { readonly contentSchema?: { readonly $ref: string } };
  readonly example?: unknown;
}

/** The document under which its own references are found. */
const ROOT = "http://balancer/openapi.json";

/** An operation, and where it is. */
interface Located {
  readonly method: string;
  readonly path: string;
  readonly operation: DescribedOperation;
}

/** A description that answers are held against. */
export class Description {
  readonly operations: readonly Located[];
  readonly #ajv: Ajv2020;
  /** Whose answers were held against it, with which statuses. */
  readonly #seen = new Map<string, Set<number>>();

  /** @param document the description; its answers may have no fields but those that it names */
  constructor(document: Document) {
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      }))
    );
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.#ajv);
    this.#ajv.addSchema({ ...closed(document) as object, $id: ROOT });
  }

  /**
   * The operation of a name.
   *
   * @throws {Error} there is none
   */
  operation(id: string): Located {
    const found = this.operations.find(({ operation }) => operation.operationId === id);
    if (!found) throw new Error(`no operation is called ${id}`);
    return found;
  }

  /** With which statuses an operation was seen to answer. */
  seen(id: string): ReadonlySet<number> {
    return this.#seen.get(id) ?? new Set();
  }

  /**
   * Holds an answer against the description.
   *
   * @param id the operation
   * @param status the answer's
   * @param type its Content-Type, empty where it has none
   * @param body as it came
   * @returns every fault; none where the answer is as described
   */
  faults(id: string, status: number, type: string, body: string): string[] {
    const { method, path, operation } = this.operation(id);
    const response = operation.responses[status];
    if (!response) return [`${id}: ${status} is not described`];
    this.#seen.set(id, new Set([...this.seen(id), status]));
    const [media = ""] = type.split(";");
    const content = response.content ?? {};
    if (!content[media] && !content["*/*"]) {
      return Object.keys(content).length === 0 ? [] : [`${id} ${status}: ${type} is not described`];
    }
    if (media !== "application/json") return [];
    const place = ["paths", path, method.toLowerCase(), "responses", `${status}`, "content", media];
    return this.#check(`${id} ${status}`, pointer([...place, "schema"]), JSON.parse(body));
  }

  /** Checks the data of a stream's event against the operation's schema. */
  eventFaults(id: string, data: string): string[] {
    const event = this.operation(id).operation.responses["200"]?.content?.["text/event-stream"]
      ?.schema?.contentSchema;
    if (!event) return [`${id}: its events are not described`];
    return this.#check(id, event.$ref.slice(1), JSON.parse(data));
  }

  /** Checks a call's request body against the operation's schema. */
  bodyFaults(id: string, body: unknown): string[] {
    const { method, path } = this.operation(id);
    const place = ["paths", path, method.toLowerCase(), "requestBody", "content"];
    return this.#check(id, pointer([...place, "application/json", "schema"]), body);
  }

  #check(what: string, fragment: string, value: unknown): string[] {
    const validate: ValidateFunction = this.#ajv.compile({ $ref: `${ROOT}#${fragment}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${what}: ${instancePath || "it"} ${message} ${JSON.stringify(params)}`
    );
  }
}

/** RFC 6901, as a fragment (section 6). */
function pointer(parts: readonly string[]): string {
  return parts.map((part) =>
    `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`
  ).join("");
}

/** The same, with no field in any object but those that are described. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const open = "properties" in copy && !("additionalProperties" in copy);
  return open ? { ...copy, additionalProperties: false } : copy;
}
