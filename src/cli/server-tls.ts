/** The TLS of a server's own: two files that belong together. */
import type { FlagValues } from "../lib/flags.ts";
import { isPair, readCertificates, readPrivateKey, type TlsPair } from "../lib/pem.ts";
import type { tlsFlags } from "../settings.ts";

/** The files of a server's own TLS, checked; nothing if neither is given. */
export function serverTls({ tlsCert, tlsKey }: FlagValues<typeof tlsFlags>): {
  readonly tls?: TlsPair;
  readonly faults: readonly string[];
} {
  if (tlsCert === undefined && tlsKey === undefined) return { faults: [] };
  if (tlsCert === undefined) return { faults: ["--tls-key needs --tls-cert beside it"] };
  if (tlsKey === undefined) return { faults: ["--tls-cert needs --tls-key beside it"] };
  const cert = readCertificates(tlsCert);
  const key = readPrivateKey(tlsKey);
  const faults = [
    ...("fault" in cert ? [`--tls-cert: ${cert.fault}`] : []),
    ...("fault" in key ? [`--tls-key: ${key.fault}`] : []),
  ];
  if ("fault" in cert || "fault" in key) return { faults };
  const tls = { cert: cert.pem, key: key.pem };
  if (isPair(tls)) return { tls, faults };
  return { faults: [`--tls-key: "${tlsKey}" is not the key of the certificate in "${tlsCert}"`] };
}
