/**
 * Which image a reference stands for: found out once, when a template is taken up, and kept (Docker
 * Engine API v1.40, `GET /images/{name}/json`).
 *
 * @module
 */
import { imageGone, imageMissing } from "./docker_errors.ts";
import { type PullApi, pullImage, type PullOptions } from "./docker_pull.ts";
import type { Template } from "./engine.ts";
import { readReference } from "./image_reference.ts";

/** When images are fetched: where they are missing, each time a template is taken up, or never. */
export type PullPolicy = "missing" | "always" | "never";

/** What is asked of the Engine here. */
export interface ImagesApi extends PullApi {
  /** Undefined where there is no such image. */
  inspect(nameOrId: string): Promise<ImageInfo | undefined>;
}

/** What matters of an image. */
export interface ImageInfo {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
}

/** Which images, and how they are fetched. */
export interface ImagesOptions extends PullOptions {
  /** Reference of templates that name none. */
  readonly image: string;
  readonly pull: PullPolicy;
}

/** A template whose image is known by its id. */
export type PinnedTemplate = Template & { readonly image: string; readonly imageId: string };

/** Finds images, fetches them, and keeps what their references stood for. */
export class DockerImages {
  readonly #api: ImagesApi;
  readonly #options: ImagesOptions;
  readonly #onProgress: (line: string) => void;
  /** Of starts without an id: all of one reference get the same. */
  readonly #firstPins = new Map<string, Promise<PinnedTemplate>>();
  readonly #pulls = new Map<string, Promise<void>>();

  /**
   * @param api the Engine
   * @param options which images, and how they are fetched
   * @param onProgress given a line for each step of what takes long
   */
  constructor(api: ImagesApi, options: ImagesOptions, onProgress: (line: string) => void) {
    this.#api = api;
    this.#options = options;
    this.#onProgress = onProgress;
  }

  /**
   * Finds out which image a template's reference stands for now.
   *
   * @param template any id in it is not looked at
   * @param onProgress given a line for each step of what takes long
   * @throws {EngineError} there is no such image, or it could not be fetched
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
   * The template with its image's id. One that has it already costs no call.
   *
   * @param template to start
   * @throws {EngineError} there is no such image, or it could not be fetched
   */
  async pinned(template: Template): Promise<PinnedTemplate> {
    const { image = this.#options.image, imageId } = template;
    if (imageId !== undefined) return { ...template, image, imageId };
    const pinning = this.#firstPins.get(image) ?? this.#pinFirst(image);
    const { imageDigest, ...pin } = await pinning;
    return { ...template, ...pin, ...(imageDigest === undefined ? {} : { imageDigest }) };
  }

  /**
   * Brings an image back that was removed from the host since it was pinned. A reference may stand
   * for another image by now, so only the digest will do.
   *
   * @param template whose image is gone
   * @param cause what the Engine said
   * @throws {EngineError} it cannot be brought back
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

  /** A failure is not kept. */
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

  /** Fetches an image; calls for the same one share it. */
  #pull(reference: string, onProgress: (line: string) => void): Promise<void> {
    const underWay = this.#pulls.get(reference);
    if (underWay) return underWay;
    const pulling = pullImage(this.#api, reference, this.#options, onProgress)
      .finally(() => this.#pulls.delete(reference));
    this.#pulls.set(reference, pulling);
    return pulling;
  }
}
