/** Scenes in which something must have happened before a limit strikes, however slow the machine. */

/** By how much a limit grows, and grows again, until a scene fits into it. */
const FACTORS = [1, 4, 16];

/**
 * Plays a scene with a limit in milliseconds, and again with a longer one as long as its limit
 * struck before there was `enough` to see. The last one is taken as it is.
 */
export async function inTime<Scene>(
  limitMs: number,
  play: (limitMs: number) => Promise<Scene>,
  enough: (scene: Scene) => boolean,
): Promise<Scene> {
  for (const factor of FACTORS.slice(0, -1)) {
    const scene = await play(factor * limitMs);
    if (enough(scene)) return scene;
  }
  return play(limitMs * (FACTORS.at(-1) ?? 1));
}
