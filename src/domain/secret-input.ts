/**
 * Secrets in the input of a runner: values under names such as `password`. They must reach the
 * runner, also after a crash, and be readable nowhere else: so they are kept sealed, each in the
 * place where it stood, and opened for the dispatch alone. Pure.
 */
import { isSecretValue, type Redactor } from "../lib/redactor.ts";
import { SEALED } from "../lib/secrets.ts";
import { AppError, type Fault } from "./errors.ts";
import type { RequestedRunner } from "./job.ts";
import type { RunRequest } from "./run.ts";

type Input = NonNullable<RequestedRunner["input"]>;
type IsSecretKey = (name: string) => boolean;

/**
 * The request with every secret of its inputs sealed; the same object if there is none. Throws
 * AppError `invalid_request` for inputs that pretend to be sealed.
 */
export function sealSecrets(
  request: RunRequest,
  isSecretKey: IsSecretKey,
  seal: (text: string) => string,
): RunRequest {
  const faults: Fault[] = [];
  let runners: RunRequest["runners"] | undefined;
  for (let index = 0; index < request.runners.length; index++) {
    const runner = request.runners[index];
    // Most have nothing to seal: nothing is made for them.
    if (!runner?.input || !concerns(runner.input, isSecretKey)) continue;
    const { url, ...own } = runner.input;
    let pretends = false;
    const sealed = mapped(own, (value, key) => {
      pretends ||= typeof value === "object" && value !== null && Object.hasOwn(value, SEALED);
      const secret = isSecretKey(key) && isSecretValue(value);
      return secret ? { [SEALED]: seal(JSON.stringify(value)) } : value;
    }) as Input;
    const message = `The key "${SEALED}" is not allowed.`;
    if (pretends) faults.push({ path: `/runners/${index}/input`, message });
    const input = { ...(url === undefined ? {} : { url }), ...sealed };
    (runners ??= [...request.runners])[index] = { ...runner, input };
  }
  if (faults.length > 0) {
    throw new AppError("invalid_request", "The request is not valid.", { faults });
  }
  return runners ? { ...request, runners } : request;
}

/** Whether an input has something to seal, or pretends to be sealed. */
function concerns(input: Input, isSecretKey: IsSecretKey): boolean {
  for (const name in input) {
    // The URL groups jobs and is shown with them: it is never a secret.
    if (name !== "url" && isConcern(input[name], name, isSecretKey)) return true;
  }
  return false;
}

/** Recursive: only for values that do not nest too deep. */
function isConcern(value: unknown, key: string, isSecretKey: IsSecretKey): boolean {
  if (key === SEALED || (isSecretKey(key) && isSecretValue(value))) return true;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => isConcern(item, "", isSecretKey));
  for (const name in value) {
    if (isConcern((value as never)[name], name, isSecretKey)) return true;
  }
  return false;
}

/** Whether anything in the value is sealed. Recursive: only for values that do not nest too deep. */
export function holdsSealed(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsSealed);
  if (sealedText(value) !== undefined) return true;
  for (const key of Object.keys(value)) {
    if (holdsSealed((value as never)[key])) return true;
  }
  return false;
}

export interface OpenedRunners {
  /** The same array if nothing was sealed. */
  readonly runners: readonly RequestedRunner[];
  /** The texts and numbers that were opened. */
  readonly secrets: readonly string[];
}

/** The runners as they were requested; undefined if something does not open. */
export function openSecrets(
  runners: readonly RequestedRunner[],
  open: (sealed: string) => string | undefined,
): OpenedRunners | undefined {
  const secrets: string[] = [];
  let failed = false;
  const replace = (value: unknown): unknown => {
    const sealed = sealedText(value);
    if (sealed === undefined) return value;
    const text = open(sealed);
    failed ||= text === undefined;
    const opened: unknown = text === undefined ? undefined : JSON.parse(text);
    secrets.push(...textsOf(opened));
    return opened;
  };
  const inputs = runners.map(({ input }) => mapped(input, replace) as Input | undefined);
  if (failed) return undefined;
  if (inputs.every((input, index) => input === runners[index]?.input)) return { runners, secrets };
  const opened = runners.map((runner, index) => {
    const input = inputs[index];
    return input ? { ...runner, input } : runner;
  });
  return { runners: opened, secrets };
}

/** The redactor with what stands under secret names in opened inputs. */
export function redactorWith(redactor: Redactor, runners: readonly RequestedRunner[]): Redactor {
  const secrets: string[] = [];
  for (const { input } of runners) {
    mapped(input, (value, key) => {
      if (redactor.isSecretKey(key)) secrets.push(...textsOf(value));
      return value;
    });
  }
  return redactor.with(secrets);
}

function sealedText(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, SEALED))
    return undefined;
  const { [SEALED]: text } = value as { [SEALED]: unknown };
  return typeof text === "string" ? text : undefined;
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/**
 * The value with each part replaced for which `replace` returns another one; the same object if
 * there was none. Recursive: only for values that do not nest too deep.
 */
function mapped(
  value: unknown,
  replace: (value: unknown, key: string) => unknown,
  key = "",
): unknown {
  const own = replace(value, key);
  if (own !== value || typeof value !== "object" || value === null) return own;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapped(item, replace));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const [name, entry] of Object.entries(value)) {
    const part = mapped(entry, replace, name);
    // The copy has the name already, so not even `__proto__` would be anything but a name.
    if (part !== entry) (copy ??= { ...value })[name] = part;
  }
  return copy ?? value;
}
