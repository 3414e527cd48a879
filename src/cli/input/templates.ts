import { readFileSync } from "node:fs";
import path from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "../../system/package-root.ts";

/** Renders `templates/<folder>/<name>.hbs`: strict (an unknown name is a defect), without HTML escapes. */
export function renderTemplate(folder: string, name: string, values: object): string {
  const source = readFileSync(path.join(packageRoot, "templates", folder, `${name}.hbs`), "utf8");
  return Handlebars.compile(source, { strict: true, noEscape: true })(values);
}
