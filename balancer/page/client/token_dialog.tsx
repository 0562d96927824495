/**
 * The dialog for the admin token.
 *
 * @module
 */
import type { JSX, TargetedEvent } from "preact";
import { Dialog, entries, Field } from "./dialog.tsx";
import { useStore } from "./store.ts";

/** Asks for the token. */
export function TokenDialog(): JSX.Element {
  const store = useStore();
  const keep = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    store.keepToken(entries(event.currentTarget)["token"] ?? "");
    store.dialog.value = undefined;
  };
  const forget = () => {
    store.keepToken("");
    store.dialog.value = undefined;
  };
  return (
    <Dialog title="Admin token">
      <form onSubmit={keep}>
        {store.barred.value !== undefined && (
          <p class="error" role="alert">Refused: {store.barred.value}</p>
        )}
        <Field
          label="Token"
          hint="What LB_ADMIN_TOKEN says, or else what is in the file that the balancer's log names; LB_READ_TOKEN to look on and no more. Kept in this tab until it is closed, and sent to this balancer alone."
        >
          <input
            name="token"
            type="password"
            autocomplete="off"
            value={store.token.value}
          />
        </Field>
        <div class="buttons">
          <button type="submit" class="primary">Use it</button>
          <button type="button" onClick={forget}>Forget it</button>
        </div>
      </form>
    </Dialog>
  );
}
