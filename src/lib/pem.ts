/**
 * PEM files: certificates and private keys, read and checked before anything depends on them.
 */
import { readFileSync } from "node:fs";

import { unreadable } from "./text-file.ts";

/** A certificate with its chain, and the key that belongs to it, both as PEM text. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** What is wrong, as the rest of a sentence that begins with where the name of the file came from. */
export interface PemFault {
  readonly fault: string;
}

/** One or more certificates as PEM text, each of which can be read. */
export function readCertificates(file: string): { readonly pem: string } | PemFault {
  const read = readText(file);
  if ("fault" in read) return read;
  const certificates = read.text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return { fault: `"${file}" holds no PEM certificate` };
  const damaged = certificates.findIndex((certificate) => !isCertificate(certificate));
  if (damaged >= 0) {
    return { fault: `"${file}" holds a damaged certificate (number ${damaged + 1})` };
  }
  return { pem: certificates.map((certificate) => `${certificate}\n`).join("") };
}

function isCertificate(pem: string): boolean {
  try {
    const { X509Certificate } = nodeCrypto();
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** A private key, which must not be encrypted: nobody is there to ask for a passphrase. */
export function readPrivateKey(file: string): { readonly pem: string } | PemFault {
  const read = readText(file);
  if ("fault" in read) return read;
  try {
    nodeCrypto().createPrivateKey(read.text);
    return { pem: read.text };
  } catch (error) {
    const encrypted = (error as { code?: string }).code === "ERR_MISSING_PASSPHRASE";
    const what = encrypted ? "an encrypted private key; decrypt it first" : "no PEM private key";
    return { fault: `"${file}" holds ${what}` };
  }
}

/** Whether the key is that of the first certificate, which is the server's own. */
export function isPair({ cert, key }: TlsPair): boolean {
  const { createPrivateKey, X509Certificate } = nodeCrypto();
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** Not imported: it brings all streams along, and few processes read a certificate. */
function nodeCrypto() {
  return process.getBuiltinModule("node:crypto");
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function readText(file: string): { readonly text: string } | PemFault {
  try {
    // Not strict: the comments of a bundle may be in any encoding.
    return { text: new TextDecoder().decode(readFileSync(file)) };
  } catch (error) {
    return { fault: `"${file}" ${unreadable(error).fault}` };
  }
}
