/**
 * Dialogs that change the fleet or the ring, directly or by a plan that is shown first.
 *
 * @module
 */
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { useActions } from "./actions.ts";
import { Dialog, entries, Fault, Field } from "./dialog.tsx";
import type { ChangeRequest } from "./change_request.ts";
import { useStore } from "./store.ts";

/** Adds replicas. */
export function AddDialog(): JSX.Element {
  return (
    <Dialog title="Add replicas">
      <ChangeForm verb="Add" busy="Adding, until they are ready…" requestOf={addition}>
        <Field label="How many">
          <input name="n" type="number" min="1" max="1000" defaultValue="1" required />
        </Field>
        <Field
          label="Names"
          hint="Separated by spaces. Replicas without a name get the next free one."
        >
          <input name="names" autocomplete="off" spellcheck={false} placeholder="Server4" />
        </Field>
        <Field
          label="Weight of the named replicas"
          hint="Default 1. A replica of weight 2 owns twice the slots."
        >
          <input name="weight" type="number" min="0" max="1000" step="any" />
        </Field>
      </ChangeForm>
    </Dialog>
  );
}

function addition({ n, names = "", weight }: Record<string, string>): ChangeRequest {
  const hostnames = names.split(/[\s,]+/).filter((name) => name !== "");
  const weights = Object.fromEntries(hostnames.map((name) => [name, Number(weight)]));
  return { add: Math.max(Number(n), hostnames.length), hostnames, ...(weight ? { weights } : {}) };
}

/** Changes the ring's shape. */
export function ShapeDialog(): JSX.Element {
  const { ring } = useStore();
  const now = ring.value;
  return (
    <Dialog title="Reshape the ring">
      <ChangeForm verb="Reshape" busy="Reshaping…" requestOf={shape}>
        <Field label="Slots">
          <input name="slots" type="number" min="1" max="65536" defaultValue={now?.slots} />
        </Field>
        <Choice label="Layout" name="layout" now={now?.layout} of={LAYOUTS} />
        <Choice label="Hashes" name="hashes" now={now?.hashes} of={HASHES} />
        <Field label="Virtual servers" hint="Per replica of weight 1; only layout ring uses them.">
          <input
            name="virtualServers"
            type="number"
            min="1"
            defaultValue={now?.virtualServersEach}
          />
        </Field>
      </ChangeForm>
    </Dialog>
  );
}

const LAYOUTS = ["even", "ring", "rendezvous"];
const HASHES = ["fibonacci", "seed", "classic", "hashed"];

function shape(
  { slots, virtualServers, layout = "", hashes = "" }: Record<string, string>,
): ChangeRequest {
  return { slots: Number(slots), virtualServers: Number(virtualServers), layout, hashes };
}

function Choice({ label, name, now, of }: {
  readonly label: string;
  readonly name: string;
  readonly now: string | undefined;
  readonly of: readonly string[];
}): JSX.Element {
  return (
    <Field label={label}>
      <select name={name}>
        {of.map((value) => (
          <option key={value} value={value} selected={value === now}>{value}</option>
        ))}
      </select>
    </Field>
  );
}

/** A form whose change is planned or applied. */
export function ChangeForm({ verb, busy, requestOf, children }: {
  /** The label of the submit button. */
  readonly verb: string;
  /** The label while the change is being applied. */
  readonly busy: string;
  readonly requestOf: (entries: Record<string, string>) => ChangeRequest;
  readonly children: ComponentChildren;
}): JSX.Element {
  const store = useStore();
  const actions = useActions();
  const form = useRef<HTMLFormElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (form.current && await actions.change(requestOf(entries(form.current)))) {
      store.dialog.value = undefined;
    }
  };
  const plan = () => {
    if (form.current?.reportValidity()) actions.plan(requestOf(entries(form.current)));
  };
  return (
    <form ref={form} onSubmit={submit}>
      {children}
      <Fault text={actions.error.value} />
      <div class="buttons">
        <button type="submit" class="primary" disabled={actions.busy.value}>
          {actions.busy.value ? busy : verb}
        </button>
        <button type="button" disabled={actions.busy.value} onClick={plan}>
          Show plan
        </button>
      </div>
    </form>
  );
}
