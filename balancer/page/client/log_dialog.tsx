/**
 * The dialog for the log's level and the access log.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useEffect } from "preact/hooks";
import type { LogState } from "../../answers/log.ts";
import { useActions } from "./actions.ts";
import { ApiError } from "./api.ts";
import { Dialog, entries, Fault, Field } from "./dialog.tsx";
import { useStore } from "./store.ts";

const LEVELS = ["debug", "info", "warning", "error"];

/** Shows and changes the settings of the log. */
export function LogDialog(): JSX.Element {
  const store = useStore();
  const actions = useActions();
  const state = useSignal<LogState | undefined>(undefined);
  useEffect(() => {
    store.api.get<LogState>("log").then((now) => state.value = now, (fault) => {
      if (!(fault instanceof ApiError)) throw fault;
      actions.error.value = fault.message;
    });
  }, []);
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { level = "info", access = "off" } = entries(event.currentTarget);
    const part = Number(access);
    const change = { level, access: Number.isNaN(part) ? access : part } as LogState;
    if (await actions.log(change)) store.dialog.value = undefined;
  };
  return (
    <Dialog title="Log">
      <form onSubmit={submit}>
        <Field label="Level" hint="Entries below this level are not written.">
          <select name="level">
            {!state.value && <option selected>reading…</option>}
            {LEVELS.map((level) => (
              <option key={level} value={level} selected={level === state.value?.level}>
                {level}
              </option>
            ))}
          </select>
        </Field>
        <Field
          label="Access log"
          hint="off, full, or a fraction of the requests: 0.01 logs one in 100."
        >
          <input name="access" required defaultValue={String(state.value?.access ?? "off")} />
        </Field>
        <p class="soft">Both change at once and last until the balancer restarts.</p>
        <Fault text={actions.error.value} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={actions.busy.value || !state.value}>
            Set
          </button>
        </div>
      </form>
    </Dialog>
  );
}
