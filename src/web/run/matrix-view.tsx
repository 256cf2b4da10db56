/**
 * The region matrix: a grid that the arrow keys walk, of which only the rows in sight exist. No
 * meaning hangs on colour alone.
 */
import { Component } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import type { ComparedCell } from "../../domain/comparison.ts";
import { shadeOf, SIGNS, statusWord } from "../../report/cells.ts";
import { oneLine } from "../../report/untrusted-text.ts";
import { duration } from "../../report/words.ts";
import { SPARE_ROWS, VirtualRows } from "../parts/virtual-rows.tsx";
import { markOf, type MatrixRow, standing, worst } from "./matrix.ts";

export interface MatrixViewProps {
  readonly rows: readonly MatrixRow[];
  readonly regions: readonly string[];
  readonly open: (row: MatrixRow, region: string) => void;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

const ROW_HEIGHT = 44;
/** No further than there are rows beyond the edge. */
const PAGE = SPARE_ROWS;

const STEPS: Readonly<Record<string, (at: Place, last: Place) => Place>> = {
  ArrowUp: (at) => ({ ...at, row: at.row - 1 }),
  ArrowDown: (at) => ({ ...at, row: at.row + 1 }),
  ArrowLeft: (at) => ({ ...at, column: at.column - 1 }),
  ArrowRight: (at) => ({ ...at, column: at.column + 1 }),
  PageUp: (at) => ({ ...at, row: at.row - PAGE }),
  PageDown: (at) => ({ ...at, row: at.row + PAGE }),
  Home: (at) => ({ ...at, column: 0 }),
  End: (at, last) => ({ ...at, column: last.column }),
};

export function MatrixView({ open, regions, rows }: MatrixViewProps) {
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const walked = useRef(false);
  // A row that is not drawn again keeps the handler of before.
  const opener = useRef(open);
  opener.current = open;
  const grid = useRef<HTMLDivElement | null>(null);
  const last = { row: rows.length - 1, column: regions.length - 1 };
  const here = within(at, last);
  // Before the next key: it is meant for the cell that this one led to.
  useLayoutEffect(() => {
    if (!walked.current) return;
    walked.current = false;
    grid.current?.querySelector<HTMLElement>('button[tabindex="0"]')?.focus();
  }, [at]);
  const walk = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    walked.current = true;
    setAt(within(step(here, last), last));
  };
  return (
    <div
      class="matrix-frame"
      ref={grid}
      style={{ "--regions": String(regions.length), "--longest": String(longest(regions)) }}
      onKeyDown={walk}
    >
      <VirtualRows
        frame={{
          class: "matrix",
          role: "grid",
          "aria-label": "Results by runner and region",
          "aria-rowcount": rows.length + 1,
          "aria-colcount": regions.length + 1,
        }}
        count={rows.length}
        height={ROW_HEIGHT}
        reveal={walked.current ? here.row : undefined}
        header={<Header regions={regions} />}
        row={(index) => {
          const row = rows[index];
          if (!row) return undefined;
          const focus = here.row === index ? here.column : undefined;
          return (
            <Row
              key={row.index}
              row={row}
              index={index}
              regions={regions}
              focus={focus}
              open={(column) => {
                setAt({ row: index, column });
                opener.current(row, regions[column] ?? "");
              }}
            />
          );
        }}
      />
    </div>
  );
}

function Header({ regions }: { readonly regions: readonly string[] }) {
  return (
    <div class="row stuck" role="row" aria-rowindex={1}>
      <div class="head" role="columnheader">
        runner and url
      </div>
      {regions.map((region) => (
        <div key={region} role="columnheader" title={region}>
          {region}
        </div>
      ))}
    </div>
  );
}

interface RowProps {
  readonly row: MatrixRow;
  readonly index: number;
  readonly regions: readonly string[];
  readonly focus: number | undefined;
  readonly open: (column: number) => void;
}

/** Drawn again only for another row or focus: while the grid scrolls, nothing else differs. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate({ focus, index, regions, row }: RowProps): boolean {
    const { props } = this;
    return (
      row !== props.row ||
      focus !== props.focus ||
      index !== props.index ||
      regions !== props.regions
    );
  }

  override render({ focus, index, open, regions, row }: RowProps) {
    return <Cells focus={focus} index={index} open={open} regions={regions} row={row} />;
  }
}

function Cells({ focus, index, open, regions, row }: RowProps) {
  const { cells, input, runner, url } = row;
  const given = input ? JSON.stringify(input) : undefined;
  return (
    <div class="row" role="row" aria-rowindex={index + 2}>
      <div class="head" role="rowheader" title={[runner, url, given].filter(Boolean).join("\n")}>
        <b>
          <bdi>{oneLine(runner)}</bdi>
          {given ? <code>{given}</code> : undefined}
        </b>
        <bdi class="url">{url}</bdi>
      </div>
      {regions.map((region, column) => {
        const here = cells.get(region);
        return (
          <div key={region} role="gridcell">
            <Cell
              cells={here}
              name={`${runner} in ${region}`}
              focused={focus === column}
              open={() => open(column)}
            />
          </div>
        );
      })}
    </div>
  );
}

interface CellProps {
  readonly cells: readonly ComparedCell[] | undefined;
  readonly name: string;
  readonly focused: boolean;
  readonly open: () => void;
}

function Cell({ cells, focused, name, open }: CellProps) {
  const tabIndex = focused ? 0 : -1;
  if (!cells) {
    return (
      <button type="button" class="cell none" disabled={!focused} tabIndex={tabIndex}>
        <span class="hidden">{name}: not requested</span>
      </button>
    );
  }
  const cell = worst(cells);
  const mark = markOf(cell);
  const { durationMs } = cell;
  return (
    <button type="button" class={`cell ${shadeOf(mark)}`} tabIndex={tabIndex} onClick={open}>
      <span class="hidden">{name}: </span>
      <span class="sign">
        <span aria-hidden="true">{SIGNS[mark]}</span> {statusWord(mark)}
        {cells.length > 1 ? ` ×${cells.length}` : ""}
      </span>
      <span class="hidden">{standing(cell).join(", ")} </span>
      <span class="more">
        {note(cell) ?? (durationMs === undefined ? "" : duration(durationMs))}
      </span>
    </button>
  );
}

/** What is more worth knowing than how long it took. */
function note({ change, errorSource, status, verdict }: ComparedCell): string | undefined {
  if (change === "new-failure") return "new";
  if (change === "fixed" || change === "flaky") return change;
  if (status === "error") return errorSource;
  if (verdict === "expected" && status === "fail") return "expected";
  return verdict === "unexpected" && status === "pass" ? "unexpected" : undefined;
}

function longest(names: readonly string[]): number {
  return Math.max(...names.map(({ length }) => length));
}

function within({ column, row }: Place, last: Place): Place {
  return {
    row: Math.max(0, Math.min(row, last.row)),
    column: Math.max(0, Math.min(column, last.column)),
  };
}
