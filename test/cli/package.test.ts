import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

test("what is published is what runs: programs, what they load, templates, licences, types", () => {
  const printed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
  const [{ files }] = JSON.parse(printed.toString());
  const names = files.map((file: { readonly path: string }) =>
    file.path.replace(/^dist\/chunks\/.*\.js$/, "dist/chunks/*"),
  );
  expect([...new Set(names)].sort()).toEqual(
    [
      ...["LICENSE", "README.md", "package.json", "dist/THIRD-PARTY-LICENSES.txt", "dist/chunks/*", "dist/magnus.js"],
      ...["argo", "github-actions", "shell"].map((target) => `dist/targets/${target}/target.js`),
      ...["shim", "start", "action", "stores", "aws-credentials", "tracker", "install"].map(
        (name) => `dist/${name}.cjs`,
      ),
      ...["dist/launcher-arm64", "dist/launcher-x64", "dist/task.d.ts", "dist/task.mjs"],
      "templates/github-actions/action.yml.hbs",
      ...["gitignore", "magnus-config.yaml", "pipeline.yaml", "steps.py"].map((name) => `templates/init/${name}`),
      ...["templates/shell/script.sh.hbs", "templates/shim/Dockerfile.hbs"],
    ].sort(),
  );
});
