/**
 * Bodies of `/execute`: read in every form the wire protocol has, and answered in the same one.
 */
import { bodyCheck, readJson } from "./read-json.ts";
import { ExecuteRequest, isWrapped, withNamedRunners } from "./runner-wire.ts";
import type { SignatureCheck } from "./signature-check.ts";

export class ExecuteBodies {
  readonly #maxBody: number;
  readonly #check = bodyCheck(ExecuteRequest);
  /** Requests whose body was wrapped; their answers are wrapped too. */
  readonly #wrapped = new WeakSet<Request>();

  readonly #signature: Pick<SignatureCheck, "begin"> | undefined;

  /** `maxBody`: the largest body, in bytes. `signature`: what bodies must carry; nothing without. */
  constructor(maxBody: number, signature?: Pick<SignatureCheck, "begin">) {
    this.#maxBody = maxBody;
    this.#signature = signature;
  }

  /** An ExecuteRequest. Rejects with AppError, as `readJson` does. */
  async read(request: Request): Promise<unknown> {
    const checkBytes = this.#signature?.begin(request.headers);
    const body = await readJson(request, this.#maxBody, checkBytes);
    if (!isWrapped(body)) return this.#check(withNamedRunners(body));
    this.#wrapped.add(request);
    return this.#check(withNamedRunners(body.json));
  }

  /** The answer in the form of its request. */
  answer<Answer>(request: Request, answer: Answer): Answer | { json: Answer } {
    return this.#wrapped.has(request) ? { json: answer } : answer;
  }
}
