/**
 * A dialog: the browser's own, which keeps the focus inside and gives it back.
 *
 * @module
 */
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useStore } from "./store.ts";

/** A dialog that is open for as long as it is there. */
export function Dialog({ title, children }: {
  readonly title: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  const store = useStore();
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    element.current?.showModal();
    element.current?.querySelector<HTMLElement>("input, select")?.focus();
    // Closed before it goes, so that the focus returns to where it was.
    return () => element.current?.close();
  }, []);
  const close = () => store.dialog.value = undefined;
  return (
    <dialog ref={element} aria-labelledby={id} onClose={close}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={close}>✕</button>
      </header>
      {children}
    </dialog>
  );
}

/** A field with its name, and what is expected where that does not go without saying. */
export function Field({ label, hint, children }: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <small class="soft">{hint}</small>}
    </label>
  );
}

/** Why an action was refused. */
export function Fault({ text }: { readonly text: string | undefined }): JSX.Element | null {
  return text === undefined ? null : <p class="error" role="alert">{text}</p>;
}

/**
 * What a form was filled in with.
 *
 * @param form the form
 * @returns by the names of its fields, without blanks around
 */
export function entries(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries(
    [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]),
  );
}
