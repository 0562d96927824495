/**
 * JSON of a large fleet: written in slices, between which other work of the main thread runs.
 *
 * @module
 */
import type { Context } from "hono";
import { escapeLateControls } from "../../log/style.ts";
import { turnOfLoop } from "../../turn_of_loop.ts";
import { inTurns, lengthOf } from "./long_body.ts";

/** An object with a longer array is written in slices. */
const LONG = 256;

/** Elements that are written in one go: objects, and numbers. */
const OBJECTS = 64;
const NUMBERS = 4096;

/** Milliseconds of one slice. */
const SLICE_MS = 3;

type Field = readonly [name: string, value: unknown];

const ENCODER = new TextEncoder();

/**
 * Reports whether an answer has a long array.
 *
 * @param answer the answer
 */
export function isLong(answer: unknown): answer is Readonly<Record<string, unknown>> {
  return typeof answer === "object" && answer !== null &&
    Object.values(answer).some((value) => Array.isArray(value) && value.length > LONG);
}

/**
 * Answers with an object of long arrays.
 *
 * @param c the call
 * @param answer the object; its elements must not change any more
 */
export async function answerLong(
  c: Context,
  answer: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const parts = await jsonParts(answer);
  c.header("content-type", "application/json");
  c.header("content-length", String(lengthOf(parts)));
  return c.body(inTurns(parts));
}

/**
 * Returns the bytes of an object's JSON, without the control characters that a terminal would act
 * on.
 *
 * @param object the object; its elements must not change any more
 */
export async function jsonParts(
  object: Readonly<Record<string, unknown>>,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let text = "";
  let from = performance.now();
  // A list may grow or shrink between two slices.
  const fields = Object.entries(object)
    .map(([name, value]): Field => [name, Array.isArray(value) ? value.slice() : value]);
  for (const piece of piecesOf(fields)) {
    text += piece;
    if (performance.now() - from < SLICE_MS) continue;
    parts.push(encoded(text));
    text = "";
    await turnOfLoop();
    from = performance.now();
  }
  return [...parts, encoded(text)];
}

function encoded(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(escapeLateControls(text));
}

/** Fields without a value are left out, as `JSON.stringify` does. */
function* piecesOf(fields: readonly Field[]): Iterable<string> {
  let before = "{";
  for (const [name, value] of fields) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) yield* arrayOf(value);
    else yield JSON.stringify(value);
    before = ",";
  }
  yield before === "{" ? "{}" : "}";
}

function* arrayOf(values: readonly unknown[]): Iterable<string> {
  const length = typeof values[0] === "number" ? NUMBERS : OBJECTS;
  yield "[";
  for (let at = 0; at < values.length; at += length) {
    const slice = JSON.stringify(values.slice(at, at + length)).slice(1, -1);
    yield at === 0 ? slice : `,${slice}`;
  }
  yield "]";
}
