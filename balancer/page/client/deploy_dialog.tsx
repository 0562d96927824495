/**
 * Deploys: the form, and the progress with the way back.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useRef } from "preact/hooks";
import type { Status } from "../../answers/fleet.ts";
import { type DeployRequest, useActions } from "./actions.ts";
import { type DeployEvent, replacedNames, type ShownDeploy, stepText } from "./deploy_steps.ts";
import { Dialog, entries, Fault, Field } from "./dialog.tsx";
import { clock } from "./format.ts";
import { useStore } from "./store.ts";
import { useKeptFocus } from "./use_kept_focus.ts";

type Template = Status["template"];

/** The form of a deploy. */
export function DeployDialog(): JSX.Element {
  const store = useStore();
  const actions = useActions();
  const { engine, template } = store.status.value ?? {};
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const request = requestOf(entries(event.currentTarget));
    store.former = template;
    if (await actions.deploy(request)) store.dialog.value = undefined;
  };
  return (
    <Dialog title="Deploy">
      <form onSubmit={submit}>
        {engine === "docker" && (
          <Field label="Image" hint="Pulled if it is missing, and pinned to its image id.">
            <input
              name="image"
              autocomplete="off"
              spellcheck={false}
              defaultValue={template?.image}
            />
          </Field>
        )}
        <Field label="Command" hint="Unchanged if empty.">
          <input
            name="command"
            autocomplete="off"
            spellcheck={false}
            required={engine !== "docker"}
            placeholder={template?.command}
          />
        </Field>
        <Field
          label="Minimum ready time"
          hint="Milliseconds that each new instance must stay ready before the next replica is replaced."
        >
          <input name="minReadyMs" type="number" min="0" max="3600000" />
        </Field>
        <Fault text={actions.error.value} />
        {actions.busy.value && <Steps most={4} />}
        <div class="buttons">
          <button type="submit" class="primary" disabled={actions.busy.value}>
            {actions.busy.value ? "Deploying…" : "Replace all replicas"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function requestOf({ image, command, minReadyMs }: Record<string, string>): DeployRequest {
  return {
    ...(image ? { image } : {}),
    ...(command ? { command } : {}),
    ...(minReadyMs ? { minReadyMs: Number(minReadyMs) } : {}),
  };
}

/** A finished deploy is shown for this time, in milliseconds. */
const SHOWN_MS = 10 * 60_000;

/** The progress of the last deploy, and its result. */
export function DeployPanel(): JSX.Element | null {
  const store = useStore();
  const hidden = useSignal(0);
  const { deploy, now } = store;
  const last = deploy.value?.steps.at(-1);
  if (!deploy.value || !last || hidden.value === last.id) return null;
  if (deploy.value.over && now.value - last.at > SHOWN_MS) return null;
  return <Progress deploy={deploy.value} last={last} dismiss={() => hidden.value = last.id} />;
}

function Progress({ deploy, last, dismiss }: {
  readonly deploy: ShownDeploy;
  readonly last: DeployEvent;
  readonly dismiss: () => void;
}): JSX.Element {
  const store = useStore();
  const actions = useActions();
  const element = useRef<HTMLElement>(null);
  useKeptFocus(element);
  const replaced = replacedNames(deploy).length;
  const total = store.status.value?.desired ?? 0;
  const { former } = store;
  const rollBack = async (to: Template) => {
    const present = store.status.value?.template;
    if (await actions.deploy(wayBack(to))) store.former = present;
  };
  return (
    <section ref={element} class={`card progress ${toneOf(last)}`} aria-labelledby="deploy-title">
      <header>
        <h2 id="deploy-title">Deploy</h2>
        <span role="status">
          {deploy.over ? stepText(last) : `${replaced} of ${total} replaced; ${stepText(last)}`}
        </span>
        {deploy.over && (
          <button type="button" aria-label="Dismiss deploy" onClick={dismiss}>Dismiss</button>
        )}
      </header>
      {!deploy.over && <progress max={total} value={replaced} aria-label="Replaced replicas" />}
      <Steps most={6} />
      <Fault text={actions.error.value} />
      {last.step === "done" && former && (
        <button
          type="button"
          disabled={actions.busy.value}
          onClick={() => rollBack(former)}
        >
          {actions.busy.value ? "Rolling back…" : "Roll back to the previous template"}
        </button>
      )}
    </section>
  );
}

function toneOf({ step, reason }: DeployEvent): string {
  if (step === "done") return "good";
  return step === "rolled-back" || reason !== undefined ? "bad" : "";
}

/** The deploy of an earlier template; its image by id, because the tag may have moved. */
function wayBack({ image, imageId, command, options }: Template): DeployRequest {
  return {
    ...(image === undefined ? {} : { image: imageId ?? image }),
    command: command ?? null,
    ...(options === undefined ? {} : { options }),
  };
}

function Steps({ most }: { readonly most: number }): JSX.Element {
  const { deploy } = useStore();
  return (
    <ol class="plain">
      {deploy.value?.steps.slice(-most).map((step) => (
        <li key={step.id} class={`event ${toneOf(step)}`}>
          <time class="mono soft" dateTime={new Date(step.at).toISOString()}>
            {clock(step.at, true)}
          </time>
          <span>{stepText(step)}</span>
        </li>
      ))}
    </ol>
  );
}
