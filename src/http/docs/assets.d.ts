/** Imported with `type: "file"`: the path of the file, inside the binary or in node_modules. */
declare module "swagger-ui-dist/*" {
  const path: string;
  export default path;
}
