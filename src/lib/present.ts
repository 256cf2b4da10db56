/**
 * What is known: the object without its undefined and null entries, to be spread into a shape
 * whose unknown values are absent.
 */
export function present<Shape extends object>(
  shape: Shape,
): { [Key in keyof Shape]?: NonNullable<Shape[Key]> } {
  return Object.fromEntries(
    Object.entries(shape).filter(([, value]) => value !== undefined && value !== null),
  ) as { [Key in keyof Shape]?: NonNullable<Shape[Key]> };
}
