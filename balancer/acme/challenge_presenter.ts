/**
 * Gives the responses to challenges at the public port: of this balancer, or of all that share a
 * store, for the authority may reach any of them.
 *
 * @module
 */
import { errorMessage, type FailureLog } from "../failures.ts";
import { ABSENT, type SharedStore } from "../cluster/shared_store.ts";

/** Gives responses, by token, from now on; resolves when every worker of this balancer does. */
export type AnswerChallenges = (answers: ReadonlyMap<string, string>) => Promise<void>;

/** Presents the response to the challenge of one order. */
export interface ChallengePresenter {
  /**
   * Resolves when the response is given wherever the authority may ask for it.
   *
   * @throws {Error} the response cannot be given
   */
  present(token: string, answer: string): Promise<void>;
  /** Withdraws the response. Never rejects. */
  withdraw(): Promise<void>;
  /** Ends the presentation of responses by others. */
  close(): void;
}

/** The presenter of a balancer that is alone. */
export function ownChallenges(answer: AnswerChallenges): ChallengePresenter {
  return {
    present: (token, text) => answer(new Map([[token, text]])),
    withdraw: () => answer(new Map()),
    close: () => {},
  };
}

/** Milliseconds that the other balancers have to give a response before the authority asks. */
const SPREAD_MS = 10_000;

/** The other balancers of a store. */
interface Others {
  /** Reports that this balancer gives the responses of an epoch. */
  answers(epoch: number): void;
  /** Waits until all balancers give the responses of an epoch; false after the deadline. */
  untilAnswered(epoch: number, ms: number): Promise<boolean>;
}

/** Presents responses at all balancers of a store. */
export class SharedChallenges implements ChallengePresenter {
  readonly #store: SharedStore;
  readonly #answer: AnswerChallenges;
  readonly #others: Others;
  readonly #failures: FailureLog;
  readonly #endWatch: () => void;
  #epoch = ABSENT;
  /** Whether the store holds a response of this balancer. */
  #presents = false;
  #taking: Promise<void> = Promise.resolve();

  /**
   * @param store the value that holds the response
   * @param answer gives responses at this balancer
   * @param others the other balancers
   * @param failures records failed reads
   */
  constructor(
    store: SharedStore,
    answer: AnswerChallenges,
    others: Others,
    failures: FailureLog,
  ) {
    this.#store = store;
    this.#answer = answer;
    this.#others = others;
    this.#failures = failures;
    this.#endWatch = store.watch(() => this.#take());
  }

  async present(token: string, answer: string): Promise<void> {
    this.#presents = true;
    const epoch = await this.#save([[token, answer]]);
    this.#take();
    if (await this.#others.untilAnswered(epoch, SPREAD_MS)) return;
    this.#failures.record(
      "acme.challenge",
      `not every balancer has taken the response within ${SPREAD_MS} ms; the order goes on`,
    );
  }

  async withdraw(): Promise<void> {
    if (!this.#presents) return;
    try {
      await this.#save([]);
      this.#presents = false;
    } catch (error) {
      this.#failures.record("acme.challenge", error);
    }
  }

  close(): void {
    this.#endWatch();
  }

  /** Only the balancer that orders writes; after a change of the lease two may do so once. */
  async #save(answers: readonly (readonly [string, string])[]): Promise<number> {
    const epoch = (await this.#store.load())?.epoch ?? ABSENT;
    const saved = await this.#store.save(JSON.stringify(answers), epoch);
    if (saved.done) return saved.epoch;
    throw new Error("another balancer presents a challenge");
  }

  /** One read after the other. */
  #take(): void {
    this.#taking = this.#taking.then(() => this.#read()).catch((error) => {
      this.#failures.record("acme.challenge", errorMessage(error));
    });
  }

  async #read(): Promise<void> {
    const found = await this.#store.load();
    if (!found || found.epoch === this.#epoch) return;
    await this.#answer(new Map(JSON.parse(found.value) as [string, string][]));
    this.#epoch = found.epoch;
    this.#others.answers(found.epoch);
  }
}
