// Bundles what is published: the command line (ES modules, one chunk a command, so that `--help` loads little),
// the targets (each an entry of its own, found by its folder) and the shim (one CommonJS file, which starts fastest).
import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const targets = readdirSync(new URL("../targets", import.meta.url));

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

const shared = { absWorkingDir: root, bundle: true, platform: "node", target: "node20", logLevel: "warning" };

await build({
  ...shared,
  entryPoints: [
    { in: "src/cli/main.ts", out: "magnus" },
    ...targets.map((name) => ({ in: `targets/${name}/target.ts`, out: `targets/${name}` })),
  ],
  outdir: "dist",
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});

const shim = await build({
  ...shared,
  entryPoints: [{ in: "src/shim/main.ts", out: "shim" }],
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  minify: true,
  banner: { js: "#!/usr/bin/env node" },
  metafile: true,
});
writeFileSync(new URL("../dist/shim.meta.json", import.meta.url), JSON.stringify(shim.metafile));
chmodSync(new URL("../dist/shim.cjs", import.meta.url), 0o755);
chmodSync(new URL("../dist/magnus.js", import.meta.url), 0o755);
