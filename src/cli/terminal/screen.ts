/** Which stream a person looks at, and how a run is shown there. */
import type { Surroundings } from "../../config.ts";
import { isView, type Reporter } from "../reporters.ts";
import { LiveView } from "./live-view.ts";
import { Output } from "./output.ts";
import { colored, plain } from "./paint.ts";
import { DotView, LineView, type View } from "./view.ts";

export interface Screen {
  readonly stdout: Output;
  /** For people: stdout, unless a report is written there. */
  readonly main: Output;
  readonly view: View;
  readonly color: boolean;
  /** Columns of `main` at this moment; undefined if it is no terminal. */
  readonly width: number | undefined;
}

export function openScreen(
  reporters: readonly Reporter[],
  { ci, color: wanted, dumbTerminal }: Surroundings,
): Screen {
  const stdout = new Output(process.stdout);
  const stderr = new Output(process.stderr);
  const isTaken = reporters.some((one) => one.file === undefined && !isView(one));
  const main = isTaken ? stderr : stdout;
  const isLive = main.isTerminal && !ci && !dumbTerminal;
  const color = wanted ?? isLive;
  const view = (): View => {
    const shown = reporters.find(isView)?.name;
    if (shown === "dot") return new DotView(main, stderr);
    if (shown === "list" || !isLive) return new LineView(main, stderr);
    return new LiveView(main, color ? colored : plain);
  };
  return {
    stdout,
    main,
    view: view(),
    color,
    get width() {
      return main.isTerminal ? main.columns : undefined;
    },
  };
}
