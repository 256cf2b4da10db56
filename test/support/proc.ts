/** What Linux says of a process: its memory and what it has open. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Mebibytes of memory in use now, and the most there ever were. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1_024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

/** How many sockets a process has open. */
export function openSockets(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}
