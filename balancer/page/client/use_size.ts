/**
 * The width of an element, as a signal.
 *
 * @module
 */
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/**
 * Follows the width of an element.
 *
 * @param element reference to the element
 * @returns CSS pixels, 0 before it is laid out
 */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      setWidth(Math.floor(entry?.contentRect.width ?? 0));
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
