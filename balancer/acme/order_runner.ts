/**
 * Performs an order in a worker of its own, with deadlines.
 *
 * @module
 */
import { OrderError } from "./order_fault.ts";
import type { OrderEvent, OrderRequest, ToOrder } from "./order_messages.ts";

/** The balancer's part in an order; the order goes on when the call resolves. */
export interface OrderHandlers {
  /** The authority has confirmed the account, or its mail address. */
  account(url: string, terms: string | null): Promise<void>;
  /** The authority has taken the order. */
  order(url: string): Promise<void>;
  /** A response has to be given until the order ends. */
  challenge(token: string, answer: string): Promise<void>;
}

/** Performs an order, as {@linkcode performOrder} does. */
export type PerformOrder = (
  request: OrderRequest,
  handlers: OrderHandlers,
  ending: AbortSignal,
) => Promise<string>;

const WORKER = new URL("./order_worker.ts", import.meta.url).href;

/** Milliseconds from one event of an order to the next: the longest answer and the longest pause. */
const STEP_MS = 120_000;

/** Milliseconds for an order; a later attempt continues it. */
const ORDER_MS = 15 * 60_000;

/**
 * Performs an order in a worker, which ends with it.
 *
 * @param request the order
 * @param handlers take the events of the order
 * @param ending aborted when the balancer ends
 * @returns the certificate and its chain, in PEM
 * @throws {OrderError} the order failed
 */
export async function performOrder(
  request: OrderRequest,
  handlers: OrderHandlers,
  ending: AbortSignal,
): Promise<string> {
  const worker = new Worker(WORKER, { type: "module", name: `order of ${request.host}` });
  const end = Promise.withResolvers<string>();
  const fail = (message: string) =>
    end.reject(new OrderError(message, { kind: "unreachable", resumable: true }));
  const deadline = setTimeout(() => fail(`the order took more than ${ORDER_MS} ms`), ORDER_MS);
  const steps = new StepDeadline((step) => fail(`${step} took more than ${STEP_MS} ms`));
  const abort = () => fail("the balancer ends");
  ending.addEventListener("abort", abort);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  worker.onmessage = ({ data }: MessageEvent<OrderEvent>) => {
    steps.begin(data.type);
    if (data.type === "issued") return end.resolve(data.chain);
    if (data.type === "failed") return end.reject(new OrderError(data.fault.message, data.fault));
    handle(data, handlers).then(() => post(worker, { type: "go" }), end.reject);
  };
  try {
    if (ending.aborted) abort();
    else post(worker, { type: "start", request });
    return await end.promise;
  } finally {
    clearTimeout(deadline);
    steps.end();
    ending.removeEventListener("abort", abort);
    worker.terminate();
  }
}

/** The deadline of the present step. */
class StepDeadline {
  readonly #onLate: (step: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onLate: (step: string) => void) {
    this.#onLate = onLate;
    this.begin("start");
  }

  begin(step: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onLate(`the step after "${step}"`), STEP_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function handle(event: OrderEvent, handlers: OrderHandlers): Promise<void> {
  if (event.type === "account") await handlers.account(event.url, event.terms);
  if (event.type === "order") await handlers.order(event.url);
  if (event.type === "challenge") await handlers.challenge(event.token, event.answer);
}

function post(worker: Worker, message: ToOrder): void {
  worker.postMessage(message);
}
