/**
 * What instances run: whether two templates are the same, and which image one stands for. Pure.
 *
 * @module
 */
import type { Instance, Remains, Template } from "../../engine/engine.ts";

/**
 * Whether two templates ask for the same: the reference of an image, whichever image that is by
 * now, the command and the options.
 */
export function sameRequest(a: Template, b: Template): boolean {
  return a.image === b.image && a.command === b.command && optionsOf(a) === optionsOf(b);
}

/** Whether two templates start the same, as far as their images are known. */
export function sameTemplate(a: Template, b: Template): boolean {
  if (!sameRequest(a, b)) return false;
  return a.imageId === undefined || b.imageId === undefined || a.imageId === b.imageId;
}

function optionsOf({ options = {} }: Template): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => a < b ? -1 : 1));
}

/** Whether the template's image still has to be found out. */
export function isUnpinned({ image, imageId }: Template): boolean {
  return image !== undefined && imageId === undefined;
}

/** What a balancer finds when it starts. */
export interface TemplateSources {
  /** What the settings say that instances run. */
  readonly settings: Template;
  readonly running: readonly Instance[];
  readonly remains: readonly Remains[];
}

/**
 * The template that a balancer goes on with. As long as anything of the fleet exists its image
 * stays: two of one reference would be a mixture of versions. Where nothing does, the reference of
 * the settings is resolved again; what a deploy brought stays in any case.
 *
 * @param template what was saved, or what the settings say
 * @param findings what exists
 */
export function resumeTemplate(
  template: Template,
  { settings, running, remains }: TemplateSources,
): Template {
  const own = running.flatMap((one) =>
    one.template?.imageId !== undefined && sameRequest(one.template, template) ? [one.template] : []
  );
  if (isUnpinned(template)) return mostCommon(own) ?? template;
  const exists = own.length > 0 || remains.length > 0;
  return exists || !sameRequest(template, settings) ? template : unpinned(template);
}

function unpinned({ imageId: _id, imageDigest: _digest, ...request }: Template): Template {
  return request;
}

function mostCommon(templates: readonly Template[]): Template | undefined {
  const count = (one: Template) =>
    templates.filter(({ imageId }) => imageId === one.imageId).length;
  return templates.toSorted((a, b) => count(b) - count(a)).at(0);
}
