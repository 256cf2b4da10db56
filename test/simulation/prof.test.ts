import { test } from "bun:test";
import { runSchedule } from "./schedule.ts";
import { PROFILES } from "./settings.ts";
test("prof", async () => {
  const totals: Record<string, [number, number]> = {};
  const { World } = await import("./world.ts");
  const { Life } = await import("./life.ts");
  const wrap = (proto: any, name: string) => { const f = proto[name]; proto[name] = function (...a: any[]) { const t = performance.now(); const r = f.apply(this, a); const done = () => { const e = (totals[name] ??= [0, 0]); e[0]++; e[1] += performance.now() - t; }; if (r?.then) r.finally(done); else done(); return r; }; };
  wrap(World.prototype, "start"); wrap(World.prototype, "follow"); wrap(World.prototype, "step"); wrap(World.prototype, "turns");
  const { Ledger } = await import("./ledger.ts"); wrap(Ledger.prototype, "glance"); wrap(Ledger.prototype, "inspect");
  const disks = await import("./world.ts");
  const t = performance.now();
  for (let s = 0; s < 200; s++) await runSchedule(s, PROFILES.crashes);
  console.log(performance.now() - t, totals);
}, 60000);
