/**
 * Keeps the focus when the element that has it leaves the page.
 *
 * @module
 */
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/**
 * Moves the focus to another element if it was inside of this one when this one is removed: without
 * this, a keyboard user would begin again at the top of the page. A button that is disabled while
 * its action runs has lost the focus already.
 *
 * @param element reference to the element that may leave
 * @param fallback selector of the element that gets the focus
 */
export function useKeptFocus(element: RefObject<HTMLElement | null>, fallback = "main"): void {
  useLayoutEffect(() => {
    const own = element.current;
    let last: EventTarget | null = document.activeElement;
    const follow = ({ target }: FocusEvent) => last = target;
    addEventListener("focusin", follow);
    return () => {
      removeEventListener("focusin", follow);
      const { activeElement: active, body } = document;
      const inside = own?.contains(active) || (active === body && own?.contains(last as Node));
      if (inside) document.querySelector<HTMLElement>(fallback)?.focus();
    };
  }, []);
}
