/**
 * Turns nodes of a configuration file into the texts that the settings' schemas take.
 *
 * @module
 */
import type { z } from "zod";
import type { FileForm, Setting } from "../setting.ts";
import { parseUpstreams } from "../../upstream_list.ts";
import { similarName } from "../unknown_names.ts";
import type { Nodes } from "./node.ts";

/** A fault of a value, and its node. */
interface ValueFault {
  readonly node: unknown;
  /** Names inside the value that lead to the node. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The text of a value, or its faults. */
type ReadValue =
  | { readonly text: string }
  | { readonly faults: readonly ValueFault[] };

/**
 * Reads the value of a setting and checks it with the setting's schema.
 *
 * @param node the value's node
 * @param setting the setting
 * @param nodes reads nodes
 */
export function readValue(node: unknown, setting: Setting<unknown>, nodes: Nodes): ReadValue {
  const { kind } = setting.form ?? { kind: "text" };
  return READERS[kind](node, setting, nodes);
}

type Reader = (node: unknown, setting: Setting<unknown>, nodes: Nodes) => ReadValue;

const READERS: Readonly<Record<FileForm["kind"], Reader>> = {
  number: readText,
  flag: readText,
  choice: readText,
  text: readText,
  list: readList,
  upstreams: readUpstreams,
  texts: readTexts,
  json: readJson,
};

function readText(node: unknown, setting: Setting<unknown>, nodes: Nodes): ReadValue {
  const text = nodes.text(node);
  return text !== undefined && accepts(setting, text) ? { text } : wrong(node, setting, nodes);
}

/** Each item is checked alone, so that a fault has the position of its item. */
function readList(node: unknown, setting: Setting<unknown>, nodes: Nodes): ReadValue {
  const items = nodes.items(node);
  if (!items) return readText(node, setting, nodes);
  const faults: ValueFault[] = [];
  const texts = items.map((item, at) => {
    const text = nodes.text(item) ?? "";
    if (text !== "" && !text.includes(",") && accepts(setting, text)) return text;
    const message = `must be one of ${setting.expects}; got ${nodes.describe(item)}`;
    faults.push({ node: item, path: [at], message });
    return "";
  });
  return faults.length > 0 ? { faults } : { text: texts.join(",") };
}

const UPSTREAM_FIELDS = ["name", "address", "weight"] as const;

function readUpstreams(node: unknown, setting: Setting<unknown>, nodes: Nodes): ReadValue {
  const items = nodes.items(node);
  if (!items) return readText(node, setting, nodes);
  const faults: ValueFault[] = [];
  const texts = items.map((item, at) => {
    const read = readUpstream(item, nodes);
    if (typeof read === "string") return read;
    faults.push(...read.map((fault) => ({ ...fault, path: [at, ...fault.path] })));
    return "";
  });
  return faults.length > 0 ? { faults } : { text: texts.join(",") };
}

/** `name=address*weight`, from a text of that form or from a map. */
function readUpstream(item: unknown, nodes: Nodes): string | ValueFault[] {
  const entries = nodes.entries(item);
  const text = entries ? undefined : nodes.text(item) ?? "";
  if (text !== undefined) {
    if (isOne(text)) return text;
    const rule = "name=address*weight, or a map of name, address and weight";
    return [{ node: item, path: [], message: `must be ${rule}; got ${nodes.describe(item)}` }];
  }
  const given = new Map(entries?.map(({ key, value }) => [key, value]));
  const faults = (entries ?? []).filter(({ key }) => !UPSTREAM_FIELDS.some((one) => one === key))
    .map(({ key, keyNode }) => unknownField(key, keyNode));
  return faults.length > 0 ? faults : upstreamText(item, given, nodes);
}

function unknownField(key: string, node: unknown): ValueFault {
  const similar = similarName(key, UPSTREAM_FIELDS);
  const advice = similar === undefined
    ? `the names are ${UPSTREAM_FIELDS.join(", ")}`
    : `did you mean ${similar}?`;
  return { node, path: [key], message: `no name of this place; ${advice}` };
}

const ADDRESS_RULE = "host:port, https://host:port or unix:/path";
const NAME_RULE = "1 to 63 letters, digits, _, . or -, beginning with a letter or a digit and " +
  "ending with one or with _";

function upstreamText(
  item: unknown,
  given: ReadonlyMap<string, unknown>,
  nodes: Nodes,
): string | ValueFault[] {
  const [name, address, weight] = UPSTREAM_FIELDS.map((field) => nodes.text(given.get(field)));
  if (address === undefined) {
    return [{ node: item, path: ["address"], message: `must be given: ${ADDRESS_RULE}` }];
  }
  const checks = [
    ["address", address.includes("*") ? "" : address, ADDRESS_RULE],
    ["name", /[=,*]/.test(name ?? "") ? "" : `${name ?? ""}=a:1`, NAME_RULE],
    ["weight", `a:1*${weight ?? ""}`, "a number from 0 to 1000"],
  ] as const;
  const faults = checks.flatMap(([field, text, rule]): ValueFault[] => {
    if (!given.has(field) || isOne(text)) return [];
    const node = given.get(field);
    return [{ node, path: [field], message: `must be ${rule}; got ${nodes.describe(node)}` }];
  });
  if (faults.length > 0) return faults;
  return (name === undefined ? "" : `${name}=`) + address +
    (weight === undefined ? "" : `*${weight}`);
}

function isOne(text: string): boolean {
  return !text.includes(",") && parseUpstreams(text)?.length === 1;
}

/** A map of texts: a number is the text that stands in the file. */
function readTexts(node: unknown, setting: Setting<unknown>, nodes: Nodes): ReadValue {
  const entries = nodes.entries(node);
  if (!entries) return wrong(node, setting, nodes, "a map of names and texts");
  const faults: ValueFault[] = [];
  const texts = entries.map(({ key, keyNode, value }) => {
    const text = nodes.text(value);
    const isRight = text !== undefined && accepts(setting, JSON.stringify({ [key]: text }));
    if (!isRight) {
      const message = text === undefined
        ? `must be a text; got ${nodes.describe(value)}`
        : `must be a name and a text of this form: ${setting.expects}`;
      faults.push({ node: text === undefined ? value : keyNode, path: [key], message });
    }
    return [key, text];
  });
  return faults.length > 0 ? { faults } : { text: JSON.stringify(Object.fromEntries(texts)) };
}

function readJson(node: unknown, setting: Setting<unknown>, nodes: Nodes): ReadValue {
  const text = JSON.stringify(nodes.json(node));
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return { text };
  const { issues } = parsed.error as z.ZodError;
  return {
    faults: issues.map(({ path, message }) => ({
      node: nodes.inside(node, path),
      path,
      message,
    })),
  };
}

function accepts(setting: Setting<unknown>, text: string): boolean {
  return setting.schema.safeParse(text).success;
}

function wrong(
  node: unknown,
  setting: Setting<unknown>,
  nodes: Nodes,
  expects: string = setting.expects,
): ReadValue {
  const got = setting.secret && nodes.text(node) !== undefined
    ? "a value of another form"
    : nodes.describe(node);
  return { faults: [{ node, path: [], message: `must be ${expects}; got ${got}` }] };
}
