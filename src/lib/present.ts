/**
 * What is known: the object without its undefined and null entries, to be spread into a shape
 * whose unknown values are absent.
 */
export function present<Shape extends object>(
  shape: Shape,
): { [Key in keyof Shape]?: NonNullable<Shape[Key]> } {
  const known: { [Key in keyof Shape]?: NonNullable<Shape[Key]> } = {};
  for (const key in shape) {
    const value = shape[key];
    if (value !== undefined && value !== null) known[key] = value;
  }
  return known;
}
