/**
 * Nodes of a YAML document: their positions, and their text as a setting takes it.
 *
 * @module
 */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type ParsedNode,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Position } from "../config_file.ts";

/** A key of a map with its value; null stands for no value. */
export interface Entry {
  readonly key: string;
  readonly keyNode: unknown;
  readonly value: unknown;
}

/** Reads nodes of one document. */
export class Nodes {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  /**
   * @param document the parsed document
   * @param lines the beginnings of its lines
   */
  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  /** Position of a node; the beginning of the file for a node without one. */
  position(node: unknown): Position {
    const offset = (node as ParsedNode | null)?.range?.[0] ?? 0;
    return this.at(offset);
  }

  /** Position of a character. */
  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  /** Whether nothing stands where a value may stand. */
  isNothing(node: unknown): boolean {
    return this.#resolve(node) === null || this.describe(node) === "nothing";
  }

  /** The entries of a map; undefined for any other node. */
  entries(node: unknown): Entry[] | undefined {
    const map = this.#resolve(node);
    if (!isMap(map)) return undefined;
    return (map as YAMLMap).items.filter(isPair).map(({ key, value }) => ({
      key: this.text(key) ?? "",
      keyNode: key,
      value: value ?? null,
    }));
  }

  /** The items of a list; undefined for any other node. */
  items(node: unknown): readonly unknown[] | undefined {
    const list = this.#resolve(node);
    return isSeq(list) ? (list as YAMLSeq).items : undefined;
  }

  /**
   * The text of a scalar as it stands in the file, so that 0x10 stays 0x10 and 1.10 stays 1.10;
   * undefined for a map, a list or nothing.
   */
  text(node: unknown): string | undefined {
    const scalar = this.#resolve(node);
    if (!isScalar(scalar)) return undefined;
    const { value, source, type } = scalar as Scalar;
    if (value === null || value === undefined) return undefined;
    return type === Scalar.PLAIN && source !== undefined ? source : String(value);
  }

  /** The value of a node as JSON has it. */
  json(node: unknown): unknown {
    const found = this.#resolve(node);
    return found === null || found === undefined
      ? null
      : (found as ParsedNode).toJS(this.#document);
  }

  /** The node at a path inside another, or the last one on the way to it. */
  inside(node: unknown, path: readonly PropertyKey[]): unknown {
    let at = node;
    for (const step of path) {
      const found = this.items(at)?.[Number(step)] ??
        this.entries(at)?.find(({ key }) => key === String(step))?.value;
      if (found === undefined || found === null) break;
      at = found;
    }
    return at;
  }

  /** Names the kind of a node, for messages. */
  describe(node: unknown): string {
    if (this.entries(node)) return "a map";
    if (this.items(node)) return "a list";
    const text = this.text(node);
    return text === undefined ? "nothing" : JSON.stringify(text);
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }
}
