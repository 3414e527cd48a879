import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { scaffoldFiles } from "../init/scaffold.ts";
import { exitCode } from "../protocol/exit-codes.ts";
import { packageRoot } from "../target/package-root.ts";

/** `magnus init [DIR]`: a first pipeline and its configuration; what is there already stays as it is. */
export async function init(folder = "."): Promise<number> {
  const readTemplate = (name: string): string => readFileSync(path.join(packageRoot, "templates/init", name), "utf8");
  const name = path.basename(path.resolve(folder));
  for (const file of scaffoldFiles(name, readTemplate)) {
    const target = path.join(folder, file.path);
    if (existsSync(target)) {
      process.stdout.write(`kept   ${target}\n`);
      continue;
    }
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, file.content, { mode: file.executable ? 0o755 : 0o644 });
    process.stdout.write(`wrote  ${target}\n`);
  }
  const place = folder === "." ? "" : `cd ${folder} && `;
  process.stdout.write(`\nNext: ${place}magnus run pipeline.yaml\n`);
  return exitCode.success;
}
