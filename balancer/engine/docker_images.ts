/**
 * Resolves image references once, when a template is adopted, and keeps the result (Docker Engine
 * API v1.40, `GET /images/{name}/json`).
 *
 * @module
 */
import type { DockerApi } from "./docker_api.ts";
import { imageGone, imageMissing } from "./docker_errors.ts";
import { type PullApi, pullImage, type PullOptions } from "./docker_pull.ts";
import type { Template } from "./engine.ts";
import { readReference } from "./image_reference.ts";

/** When images are pulled: if missing, each time a template is adopted, or never. */
type PullPolicy = "missing" | "always" | "never";

/** The calls to the Engine that this module needs. */
interface ImagesApi extends PullApi {
  /** Returns an image; undefined if it does not exist. */
  inspect(nameOrId: string): Promise<ImageInfo | undefined>;
}

/** Returns the calls to an Engine about images. */
export function imagesOf(api: DockerApi): ImagesApi {
  return {
    inspect: (nameOrId) => api.inspectImage(nameOrId),
    pull: (image, credentials, signal) => api.pull(image, credentials, signal),
  };
}

/** The fields of an image that are used. */
export interface ImageInfo {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
}

/** Options of {@linkcode DockerImages}. */
export interface ImagesOptions extends PullOptions {
  /** Reference for templates without one. */
  readonly image: string;
  readonly pull: PullPolicy;
}

/** A template whose image id is known. */
export type PinnedTemplate = Template & { readonly image: string; readonly imageId: string };

/** Resolves references, pulls images, and keeps the results. */
export class DockerImages {
  readonly #api: ImagesApi;
  readonly #options: ImagesOptions;
  readonly #onProgress: (line: string) => void;
  /** Results for starts without an id: all starts of one reference get the same image. */
  readonly #firstPins = new Map<string, Promise<PinnedTemplate>>();
  readonly #pulls = new Map<string, Promise<void>>();

  /**
   * @param api calls to the Engine
   * @param options references and pulls
   * @param onProgress called with a line for each step of a pull
   */
  constructor(api: ImagesApi, options: ImagesOptions, onProgress: (line: string) => void) {
    this.#api = api;
    this.#options = options;
    this.#onProgress = onProgress;
  }

  /**
   * Resolves a template's reference now.
   *
   * @param template the template; an id in it is ignored
   * @param onProgress called with a line for each step of a pull
   * @throws {EngineError} the image does not exist, or could not be pulled
   */
  async pin(template: Template, onProgress = this.#onProgress): Promise<PinnedTemplate> {
    const reference = template.image ?? this.#options.image;
    const { Id, RepoDigests } = await this.#find(reference, onProgress);
    const { imageDigest: _, ...rest } = template;
    const { name } = readReference(reference);
    const digest = RepoDigests?.find((one) => readReference(one).name === name);
    return {
      ...rest,
      image: reference,
      imageId: Id,
      ...(digest === undefined ? {} : { imageDigest: digest }),
    };
  }

  /**
   * Returns the template with its image's id. A template that has one costs no call.
   *
   * @param template template of a start
   * @throws {EngineError} the image does not exist, or could not be pulled
   */
  async pinned(template: Template): Promise<PinnedTemplate> {
    const { image = this.#options.image, imageId } = template;
    if (imageId !== undefined) return { ...template, image, imageId };
    const pinning = this.#firstPins.get(image) ?? this.#pinFirst(image);
    const { imageDigest, ...pin } = await pinning;
    return { ...template, ...pin, ...(imageDigest === undefined ? {} : { imageDigest }) };
  }

  /**
   * Pulls an image again that was removed since it was pinned. It is pulled by digest, because the
   * reference may stand for another image by now.
   *
   * @param template template of the missing image
   * @param cause the failed call
   * @throws {EngineError} the image cannot be pulled again
   */
  async restore(template: PinnedTemplate, cause: unknown): Promise<void> {
    const { imageDigest, imageId, image } = template;
    this.#firstPins.delete(image);
    if (imageDigest === undefined || this.#options.pull === "never") {
      throw imageGone(template, cause);
    }
    await this.#pull(imageDigest, this.#onProgress);
    if ((await this.#api.inspect(imageDigest))?.Id !== imageId) throw imageGone(template, cause);
  }

  /** Resolves a reference for starts. Failures are not kept. */
  #pinFirst(image: string): Promise<PinnedTemplate> {
    const pinning = this.pin({ image });
    this.#firstPins.set(image, pinning);
    pinning.catch(() => this.#firstPins.delete(image));
    return pinning;
  }

  async #find(reference: string, onProgress: (line: string) => void): Promise<ImageInfo> {
    const { pull } = this.#options;
    const present = pull === "always" ? undefined : await this.#api.inspect(reference);
    if (present) return present;
    if (pull !== "never") await this.#pull(reference, onProgress);
    const fetched = await this.#api.inspect(reference);
    if (fetched) return fetched;
    throw imageMissing(reference);
  }

  /** Pulls an image; concurrent calls for one image share the pull. */
  #pull(reference: string, onProgress: (line: string) => void): Promise<void> {
    const underWay = this.#pulls.get(reference);
    if (underWay) return underWay;
    const pulling = pullImage(this.#api, reference, this.#options, onProgress)
      .finally(() => this.#pulls.delete(reference));
    this.#pulls.set(reference, pulling);
    return pulling;
  }
}
