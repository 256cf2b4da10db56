/**
 * Drains what a runner host prints, line by line, so that a full pipe never stops it.
 *
 * Memory stays bounded whatever it prints: a line that is too long is cut.
 */
import { MAX_TEXT } from "./host-messages.ts";

export interface OutputSink {
  /** Bytes that arrived, before they are split. */
  readonly received: (bytes: number) => void;
  /** A line without its end; empty lines are left out. */
  readonly line: (text: string) => void;
}

/** Starts draining. The returned function stops, even if somebody else still holds the pipe. */
export function drain(stream: ReadableStream<Uint8Array>, sink: OutputSink): () => void {
  const reader = stream.getReader();
  let stopped = false;
  const pump = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      sink.received(value.byteLength);
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = (lines.pop() ?? "").slice(0, MAX_TEXT);
      for (const line of lines) emit(line);
    }
    emit(rest);
  };
  const emit = (line: string): void => {
    const text = line.replace(/\r$/, "").slice(0, MAX_TEXT);
    if (text !== "" && !stopped) sink.line(text);
  };
  // A pipe that breaks has nothing more to say.
  pump().catch(() => {});
  return () => {
    stopped = true;
    reader.cancel().catch(() => {});
  };
}
