/**
 * Which store a server keeps its runs in: a file in its data folder, or a database that replicas
 * share. Never one in the place of the other.
 */
import { hostname } from "node:os";

import type { Log } from "../lib/log.ts";
import type { CallbackStore } from "./callbacks.ts";
import type { KeyStore } from "./keys.ts";
import { PostgresKeyStore } from "./postgres/keys.ts";
import { PostgresStore } from "./postgres/postgres-store.ts";
import { openDataFolder } from "./sqlite/open-folder.ts";
import type { RunStore } from "./store.ts";

export interface StoreSettings {
  /** Folder of the embedded store. */
  readonly data: string;
  /** URL of a PostgreSQL database, which is used instead. */
  readonly database: string | undefined;
  readonly databasePrepare: "on" | "off";
  /** Of the ownership of runs, in milliseconds. */
  readonly lease: number;
  /** Between two looks for runs without an owner, in milliseconds. */
  readonly poll: number;
  readonly synchronous: "normal" | "full";
}

export interface OpenStoreOptions {
  readonly log: Log;
  /** Told how long each commit took, in milliseconds. */
  readonly committed: (ms: number) => void;
}

export interface OpenedStore {
  readonly store: RunStore & { readonly callbacks: CallbackStore };
  readonly keys: KeyStore;
  /** Resolves once the store can be used. Rejects with StartError. */
  readonly opened: Promise<void>;
  /** Call after the store was closed. */
  readonly release: () => void;
}

/** Throws StartError if it is known at once that the store cannot be used. */
export function openStore(settings: StoreSettings, options: OpenStoreOptions): OpenedStore {
  const { database } = settings;
  return database === undefined
    ? openFile(settings, options)
    : openShared(database, settings, options);
}

function openFile({ data, synchronous }: StoreSettings, options: OpenStoreOptions): OpenedStore {
  const { committed } = options;
  return { ...openDataFolder(data, { synchronous, committed }), opened: Promise.resolve() };
}

function openShared(
  url: string,
  { databasePrepare, lease, poll }: StoreSettings,
  options: OpenStoreOptions,
): OpenedStore {
  const store = new PostgresStore({
    ...options,
    url,
    prepare: databasePrepare === "on",
    leaseMs: lease,
    pollMs: poll,
    name: `${hostname()}:${process.pid}`,
  });
  const opened = store.open();
  // Whoever awaits it is told; whoever does not, shall not die of it.
  opened.catch(() => {});
  return {
    store,
    keys: new PostgresKeyStore(url, databasePrepare === "on"),
    opened,
    release: () => {},
  };
}
