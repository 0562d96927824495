/**
 * Compares templates and resolves image references. Pure.
 *
 * @module
 */
import type { Instance, Remains, Template } from "../../engine/engine.ts";

/**
 * Reports whether two templates request the same: image reference, command and options. The ids of
 * their images may differ.
 */
export function sameRequest(a: Template, b: Template): boolean {
  return a.image === b.image && a.command === b.command && optionsOf(a) === optionsOf(b);
}

/** Reports whether two templates start the same, as far as the ids of their images are known. */
export function sameTemplate(a: Template, b: Template): boolean {
  if (!sameRequest(a, b)) return false;
  return a.imageId === undefined || b.imageId === undefined || a.imageId === b.imageId;
}

function optionsOf({ options = {} }: Template): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => a < b ? -1 : 1));
}

/** Reports whether the template's image has not been resolved to an id. */
export function isUnpinned({ image, imageId }: Template): boolean {
  return image !== undefined && imageId === undefined;
}

/** Sources of the template when a balancer starts. */
export interface TemplateSources {
  /** Template of the settings. */
  readonly settings: Template;
  readonly running: readonly Instance[];
  readonly remains: readonly Remains[];
}

/**
 * Returns the template that a restarted balancer continues with. While any instance of the fleet
 * exists, its image is kept, because two images of one reference would mix versions. Otherwise the
 * reference of the settings is resolved again; a deployed template is kept in any case.
 *
 * @param template the saved template, or that of the settings
 * @param sources what exists, and the settings
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

/**
 * Returns the template that the newest instance was deployed with; undefined if it runs the template
 * of the settings, or was started with other settings.
 *
 * @param running instances of the fleet
 * @param settings the template of the present settings
 */
export function deployedTemplate(
  running: readonly Instance[],
  settings: Template,
): Template | undefined {
  const newest = running.toSorted((a, b) => a.startedAt - b.startedAt).at(-1);
  if (!newest?.template || !newest.settings) return undefined;
  if (!sameTemplate(newest.settings, settings)) return undefined;
  const deployed = !sameTemplate({ ...settings, ...newest.template }, settings);
  return deployed ? newest.template : undefined;
}
