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
          hint="The value of LB_ADMIN_TOKEN, or the content of the file that the balancer's log names at its start. LB_READ_TOKEN allows reading only. The token is kept in this tab and sent only to this balancer."
        >
          <input
            name="token"
            type="password"
            autocomplete="off"
            defaultValue={store.token.value}
          />
        </Field>
        <div class="buttons">
          <button type="submit" class="primary">Use token</button>
          <button type="button" onClick={forget}>Forget token</button>
        </div>
      </form>
    </Dialog>
  );
}
