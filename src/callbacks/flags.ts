/** Flags of callbacks, and what they come to. */
import { choice, type FlagTable, type FlagValues, list, text } from "../lib/flags.ts";
import { namedKeys } from "../lib/named-secret.ts";
import type { ReadSecret } from "../lib/secret-source.ts";
import type { SigningKeys } from "../lib/signature.ts";
import { isReceiver, Receivers } from "./receivers.ts";

export const callbackFlags = {
  callbackUrl: text({
    placeholder: "URL",
    about: "where the end of every run is told, beside the callbackUrl of a run",
    fallback: undefined,
  }),
  callbackOn: choice(
    ["end", "change"],
    "when that URL is told: at every end, or when a cell is a new failure or fixed",
  ),
  callbackSecretEnv: text({
    placeholder: "NAME",
    about:
      "environment variable with the secret that callbacks are signed with; without one there are none",
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
  /** Told of every run, or of those in which something has changed. */
  readonly configured:
    { readonly url: string; readonly receivers: Receivers; readonly onChange: boolean } | undefined;
}

/** Undefined without a secret: an unsigned callback proves nothing. */
export function callbackConfig(
  values: FlagValues<typeof callbackFlags>,
  read: ReadSecret,
): { readonly callbacks: CallbackConfig | undefined; readonly faults: readonly string[] } {
  // A flag that is faulty itself has no value; its fault is told already.
  const { allowCallbackHosts = [], callbackOn, callbackUrl: url } = values;
  const { faults, value: keys } = namedKeys(values, "callbackSecret", read);
  const onChange = callbackOn === "change";
  const configured =
    url === undefined ? undefined : { url, receivers: own(url, allowCallbackHosts), onChange };
  const refusal = configured?.receivers.refusal(configured.url);
  const unsigned = configured !== undefined && keys === undefined && faults.length === 0;
  return {
    callbacks: keys && { keys, receivers: new Receivers(allowCallbackHosts), configured },
    faults: [
      ...faults,
      ...(refusal === undefined ? [] : [`--callback-url: ${refusal}`]),
      ...(unsigned ? ["--callback-url needs --callback-secret-env or --callback-secret-file"] : []),
      ...(onChange && url === undefined ? ["--callback-on needs --callback-url"] : []),
    ],
  };
}

/** What an operator writes down may lead into a network of theirs. */
function own(url: string, allowed: readonly string[]): Receivers {
  return new Receivers([URL.parse(url)?.hostname ?? "", ...allowed]);
}
