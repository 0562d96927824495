/**
 * One order, with everything that has to be saved on the way so that a later start can continue it.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { readPem } from "../certificates/certificate_source.ts";
import type { AcmeSettings } from "./acme_settings.ts";
import type { ChallengePresenter } from "./challenge_presenter.ts";
import { type HostRecords, newKey } from "./host_records.ts";
import { faultOf, OrderError } from "./order_fault.ts";
import type { OrderHandlers, PerformOrder } from "./order_runner.ts";
import type { Account, HostRecord } from "./record.ts";
import { retryDelay } from "./schedule.ts";

/** Dependencies of an order. */
interface OrderParts {
  readonly settings: AcmeSettings;
  readonly records: HostRecords;
  readonly presenter: ChallengePresenter;
  readonly perform: PerformOrder;
  readonly mayOrder: () => boolean;
  readonly ending: AbortSignal;
  /** Takes each changed record. */
  readonly keep: (record: HostRecord) => void;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** An order under way, as it is saved for the next start. */
type Pending = NonNullable<HostRecord["order"]>;

/** The end of an order. */
interface OrderEnd {
  /** The record with the new certificate, or with the failure. */
  readonly record: HostRecord;
  readonly error?: OrderError;
}

/** One order. */
export class AcmeOrder {
  readonly #parts: OrderParts;

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  /**
   * Obtains a certificate for a host.
   *
   * @param record the host
   */
  async run(record: HostRecord): Promise<OrderEnd> {
    let present = record;
    const keep = async (order: Pending) => {
      present = { ...present, order };
      await this.#save(present);
    };
    try {
      return { record: this.#issued(present, await this.#perform(present, keep)) };
    } catch (error) {
      const fault = faultOf(error);
      return { record: this.#failed(present, fault), error: new OrderError(fault.message, fault) };
    } finally {
      await this.#parts.presenter.withdraw();
    }
  }

  async #perform(
    { host, order }: HostRecord,
    keep: (order: Pending) => Promise<void>,
  ): Promise<Pending & { readonly chain: string }> {
    const { settings: { directory, email, ca }, records, perform, ending } = this.#parts;
    const account = await records.account(directory);
    const authority = ca === "" ? undefined : await readPem(ca);
    let pending = order?.directory === directory ? order : { directory, key: newKey(), url: null };
    await keep(pending);
    const handlers = this.#handlers(account, async (url) => {
      pending = { ...pending, url };
      await keep(pending);
    });
    const { key, url } = pending;
    const chain = await perform(
      {
        ...{ directory, ca: authority, email, host, key, url },
        ...{ accountKey: account.key, accountUrl: account.url, accountEmail: account.email },
      },
      handlers,
      ending,
    );
    return { ...pending, chain };
  }

  #handlers(account: Account, onOrder: (url: string) => Promise<void>): OrderHandlers {
    return {
      account: async (url, terms) => {
        this.#requireTurn();
        const { email } = this.#parts.settings;
        await this.#registered({ ...account, url, email }, terms);
      },
      order: async (url) => {
        this.#requireTurn();
        await onOrder(url);
      },
      challenge: async (token, answer) => {
        this.#requireTurn();
        await this.#parts.presenter.present(token, answer);
      },
    };
  }

  async #registered(account: Account, terms: string | null): Promise<void> {
    const { log, records } = this.#parts;
    await records.saveAccount(account);
    log.info("account {url} is registered under the terms of service {terms}", {
      url: account.url,
      terms: terms ?? "(none)",
    });
  }

  #requireTurn(): void {
    if (this.#parts.mayOrder()) return;
    throw new OrderError("another balancer orders from now on", {
      kind: "unreachable",
      resumable: true,
    });
  }

  async #save(record: HostRecord): Promise<void> {
    this.#parts.keep(record);
    await this.#parts.records.save(record);
  }

  /** @throws {CertificateError} the authority issued a certificate that cannot be used */
  #issued(
    record: HostRecord,
    { directory, key, chain }: Pending & { readonly chain: string },
  ): HostRecord {
    const certificate = { directory, key, chain };
    const issued = { ...record, certificate, order: null, failure: null };
    try {
      this.#parts.records.hostOf(issued);
    } catch (error) {
      throw new OrderError(`the authority's certificate cannot be used: ${faultOf(error).message}`);
    }
    return issued;
  }

  #failed(record: HostRecord, fault: ReturnType<typeof faultOf>): HostRecord {
    const { settings: { directory }, now, random } = this.#parts;
    const before = record.failure?.directory === directory ? record.failure.count : 0;
    const count = before + 1;
    const retryAt = now() + retryDelay(fault, count, random());
    const failure = { directory, count, retryAt, message: fault.message };
    return { ...record, order: fault.resumable ? record.order : null, failure };
  }
}
