import type { ComponentChildren, HTMLAttributes } from "preact";
/**
 * Rows of one height of which only those in sight exist, so that thousands scroll like a few.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface VirtualRowsProps {
  readonly count: number;
  /** Height of a row in pixels. */
  readonly height: number;
  /** What stays in sight above the rows. */
  readonly header?: ComponentChildren;
  readonly row: (index: number) => ComponentChildren;
  /** A row that must be in sight, such as the one with the focus. */
  readonly reveal?: number | undefined;
  readonly frame: HTMLAttributes<HTMLDivElement>;
}

/** Rows beyond either edge that exist all the same: less flicker, and a next row to tab to. */
export const SPARE_ROWS = 8;

export function VirtualRows({ count, frame, header, height, reveal, row }: VirtualRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  /** The first row in sight: as long as it stays the same, nothing has to be drawn. */
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(600);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = new ResizeObserver(() => setRoom(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || reveal === undefined) return;
    const headroom = element.querySelector<HTMLElement>(".stuck")?.offsetHeight ?? 0;
    const start = reveal * height;
    const end = start + height + headroom - element.clientHeight;
    if (element.scrollTop > start) element.scrollTop = start;
    else if (element.scrollTop < end) element.scrollTop = end;
  }, [reveal]);
  const first = Math.max(0, top - SPARE_ROWS);
  const last = Math.min(count, top + Math.ceil(room / height) + 1 + SPARE_ROWS);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  return (
    <div
      {...frame}
      ref={box}
      onScroll={({ currentTarget }) => setTop(Math.floor(currentTarget.scrollTop / height))}
    >
      {header}
      <div class="spacer" role="presentation" style={{ height: `${first * height}px` }} />
      {shown.map(row)}
      <div class="spacer" role="presentation" style={{ height: `${(count - last) * height}px` }} />
    </div>
  );
}
