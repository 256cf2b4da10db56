/** Flags of callbacks, and what they come to. */
import { type FlagTable, type FlagValues, list, text } from "../lib/flags.ts";
import { namedKeys } from "../lib/secret-flags.ts";
import type { ReadSecret } from "../lib/secret-source.ts";
import type { SigningKeys } from "../lib/signature.ts";
import { isReceiver, Receivers } from "./receivers.ts";

export const callbackFlags = {
  callbackUrl: text({
    placeholder: "URL",
    about: "where the end of every run is told, beside the callbackUrl of a run",
    fallback: undefined,
  }),
  callbackSecretEnv: text({
    placeholder: "NAME",
    about: "environment variable with the secret that callbacks are signed with; none without",
    fallback: undefined,
  }),
  callbackSecretFile: text({
    placeholder: "FILE",
    about: "file with that secret",
    fallback: undefined,
  }),
  allowCallbackHosts: list({
    about: "hosts, addresses and ranges that callbacks may go to though they are not public",
    separator: /[\s,]+/,
    word: { test: isReceiver },
  }),
} satisfies FlagTable;

export interface CallbackConfig {
  readonly keys: SigningKeys;
  /** Where the URLs of runs may lead. */
  readonly receivers: Receivers;
  /** Told of every run. */
  readonly configured: { readonly url: string; readonly receivers: Receivers } | undefined;
}

/** Undefined without a secret: an unsigned callback proves nothing. */
export function callbackConfig(
  values: FlagValues<typeof callbackFlags>,
  read: ReadSecret,
): { readonly callbacks: CallbackConfig | undefined; readonly faults: readonly string[] } {
  // A flag that is faulty itself has no value; its fault is told already.
  const { allowCallbackHosts = [], callbackUrl } = values;
  const { faults, value: keys } = namedKeys(values, "callbackSecret", read);
  const configured = callbackUrl === undefined ? undefined : own(callbackUrl, allowCallbackHosts);
  const refusal = configured?.receivers.refusal(configured.url);
  const unsigned = configured !== undefined && keys === undefined && faults.length === 0;
  return {
    callbacks: keys && { keys, receivers: new Receivers(allowCallbackHosts), configured },
    faults: [
      ...faults,
      ...(refusal === undefined ? [] : [`--callback-url: ${refusal}`]),
      ...(unsigned ? ["--callback-url needs --callback-secret-env or --callback-secret-file"] : []),
    ],
  };
}

/** What an operator writes down may lead into a network of theirs. */
function own(url: string, allowed: readonly string[]): CallbackConfig["configured"] {
  const host = URL.parse(url)?.hostname ?? "";
  return { url, receivers: new Receivers([host, ...allowed]) };
}
