// Bundles what is published: the command line (ES modules, one chunk a command, so that `--help` loads little),
// the targets (each an entry of its own, found by its folder) and the shim (one CommonJS file, which starts fastest).
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { embedRunners } from "./embed-runners.mjs";

const root = path.resolve(import.meta.dirname, "..");
const targets = readdirSync(path.join(root, "targets"));
const dist = path.join(root, "dist");
// Built beside and moved file by file, so that programs that run meanwhile always find whole ones.
const fresh = `${dist}.${process.pid}`;

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  logLevel: "warning",
  plugins: [embedRunners(root)],
};

const programs = await build({
  ...shared,
  metafile: true,
  entryPoints: [
    { in: "src/cli/main.ts", out: "magnus" },
    { in: "src/task/task.ts", out: "task" },
    ...targets.map((name) => ({ in: `targets/${name}/target.ts`, out: `targets/${name}` })),
  ],
  outdir: fresh,
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});

// What reaches a server is a file of its own beside the shim, which names it so and loads it when it is needed.
const remoteApart = {
  name: "remote-stores-apart",
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/remote-stores\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./stores.cjs", external: true } : undefined,
    ),
};

const shim = await build({
  ...shared,
  plugins: [...shared.plugins, remoteApart],
  entryPoints: [
    { in: "src/shim/main.ts", out: "shim" },
    { in: "src/github-action/main.ts", out: "action" },
    { in: "src/stores/remote-stores.ts", out: "stores" },
  ],
  outdir: fresh,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  minify: true,
  banner: { js: "#!/usr/bin/env node" },
  metafile: true,
});
writeFileSync(path.join(fresh, "shim.meta.json"), JSON.stringify(shim.metafile));
writeFileSync(path.join(fresh, "THIRD-PARTY-LICENSES.txt"), licences([programs.metafile, shim.metafile]));
for (const program of ["shim.cjs", "magnus.js"]) chmodSync(path.join(fresh, program), 0o755);
replace(fresh, dist);

/** The licences of the packages in the bundles; they ask to be passed on. */
function licences(metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const names = new Set(inputs.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  const texts = [...names].sort().map((name) => {
    const folder = path.join(root, "node_modules", name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    const { version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${file === undefined ? "" : readFileSync(path.join(folder, file), "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

function replace(from, to) {
  const files = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const relative = (folder) => (entry) => path.relative(folder, path.join(entry.parentPath, entry.name));
  mkdirSync(to, { recursive: true });
  const built = files(from).map(relative(from));
  const stale = new Set(files(to).map(relative(to)));
  // Chunks first: an entry names them.
  for (const file of built.sort((a, b) => b.split(path.sep).length - a.split(path.sep).length)) {
    mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    renameSync(path.join(from, file), path.join(to, file));
    stale.delete(file);
  }
  for (const file of stale) rmSync(path.join(to, file));
  rmSync(from, { recursive: true });
}
