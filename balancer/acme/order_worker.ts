/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * A worker that performs one order. The package for ACME takes a second of CPU to load and tens of
 * megabytes; both end with the worker, and so does everything that has not ended by its deadline.
 *
 * @module
 */
import { obtain } from "./order.ts";
import { faultOf } from "./order_fault.ts";
import type { OrderEvent, OrderRequest, ToOrder } from "./order_messages.ts";

let go = () => {};

self.onmessage = ({ data }: MessageEvent<ToOrder>) => {
  if (data.type === "go") go();
  else void perform(data.request);
};

async function perform(request: OrderRequest): Promise<void> {
  try {
    post({ type: "issued", chain: await obtain(request, report) });
  } catch (error) {
    post({ type: "failed", fault: faultOf(error) });
  }
}

/** Resolves when the main thread has done its part. */
function report(event: OrderEvent): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  go = resolve;
  post(event);
  return promise;
}

function post(event: OrderEvent): void {
  self.postMessage(event);
}
