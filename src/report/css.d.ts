/** Imported with `type: "text"`: the text of the file. */
declare module "*/palette.css" {
  const text: string;
  export default text;
}
