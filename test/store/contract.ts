/**
 * The contract every store keeps, as tests: run them for each store there is.
 *
 * `open` gives a store without runs; it is closed after each test.
 */
import type { RunStore } from "../../src/store/store.ts";
import { cancelContract } from "./contract-cancel.ts";
import { eventContract } from "./contract-events.ts";
import { jobContract } from "./contract-jobs.ts";
import { listContract } from "./contract-list.ts";
import { pastContract } from "./contract-past.ts";
import { pruneContract } from "./contract-prune.ts";
import { readContract } from "./contract-reads.ts";
import { submitContract } from "./contract-submit.ts";

export type OpenStore = () => Promise<RunStore>;

export interface ContractOptions {
  /** Rounds of what is repeated with random choices, for a store that takes its time. */
  readonly rounds?: number;
}

export function storeContract(name: string, open: OpenStore, options: ContractOptions = {}): void {
  submitContract(name, open);
  jobContract(name, open);
  readContract(name, open);
  eventContract(name, open, options);
  cancelContract(name, open);
  listContract(name, open);
  pastContract(name, open);
  pruneContract(name, open);
}
