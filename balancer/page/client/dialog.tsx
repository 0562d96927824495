/**
 * A dialog on the browser's own element, which keeps the focus inside and restores it.
 *
 * @module
 */
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useStore } from "./store.ts";

/** A dialog that is open while the component is mounted. */
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
    // Closed before it is removed, so that the focus returns to its former element, if there is
    // still one.
    return () => {
      element.current?.close();
      if (document.activeElement === document.body) document.querySelector("main")?.focus();
    };
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

/** A field with its label, and a hint if the input is not obvious. */
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

/** The error of an action. */
export function Fault({ text }: { readonly text: string | undefined }): JSX.Element | null {
  return text === undefined ? null : <p class="error" role="alert">{text}</p>;
}

/**
 * Returns the values of a form.
 *
 * @param form the form
 * @returns trimmed values by the names of the fields
 */
export function entries(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries(
    [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]),
  );
}
