// Bundles what is published: the command line (ES modules, one chunk a command, so that `--help` loads little),
// the targets (each an entry of its own, found by its folder) and the shim (one CommonJS file, which starts fastest).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
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
    ...targets.map((name) => ({ in: `targets/${name}/target.ts`, out: `targets/${name}/target` })),
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

// One file, which `magnus-shim install` copies beside the shim.
const task = await build({
  ...shared,
  entryPoints: [{ in: "src/task/task.ts", out: "task" }],
  outdir: fresh,
  outExtension: { ".js": ".mjs" },
  format: "esm",
  metafile: true,
  minifySyntax: true,
  minifyWhitespace: true,
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});
declare("src/task/task.ts", "task.d.ts");

// What few steps need are files of their own beside the shim, which names them so and loads them when it needs them.
const serverStores = filesIn("src/stores").filter((file) => /^src\/stores\/\w+\/open-[\w-]+\.ts$/.test(file));
const shimFiles = JSON.parse(readFileSync(path.join(root, "src/protocol/shim-files.json"), "utf8")).filter(({ name }) =>
  name.endsWith(".cjs"),
);
const apart = new Map([
  ...serverStores.map((file) => [file, "stores.cjs"]),
  ...shimFiles.filter(({ isProgram }) => !isProgram).map(({ name, source }) => [source, name]),
]);
const besideShim = {
  name: "beside-the-shim",
  setup: ({ onResolve }) =>
    onResolve({ filter: /\.ts$/ }, ({ kind, resolveDir, path: file }) => {
      const source = path.relative(root, path.resolve(resolveDir, file)).split(path.sep).join("/");
      const name = kind === "dynamic-import" ? apart.get(source) : undefined;
      return name === undefined ? undefined : { path: `./${name}`, external: true };
    }),
};

/** One bundle with all that reach a server: they share most of what they import. */
const allServerStores = {
  name: "server-stores",
  setup: ({ onResolve, onLoad }) => {
    const namespace = "server-stores";
    onResolve({ filter: /^server-stores$/ }, ({ path: name }) => ({ path: name, namespace }));
    onLoad({ filter: /.*/, namespace }, () => ({
      contents: serverStores.map((file) => `export * from "./${file}";`).join("\n"),
      resolveDir: root,
    }));
  },
};

/** What takes long to load and many steps never call: loaded by the first call. */
const slow = new Map([
  ["node:crypto", ["createHash", "createHmac", "getFips", "randomFillSync", "randomUUID"]],
  ["node:stream/promises", ["pipeline"]],
  ["node:zlib", ["brotliDecompressSync"]],
  ["picomatch", ["default"]],
]);
const onFirstCall = {
  name: "on-first-call",
  setup: ({ onResolve, onLoad }) => {
    const namespace = "on-first-call";
    onResolve({ filter: /^(node:|picomatch$)/ }, ({ kind, importer, path: name }) =>
      // Packages use more of these modules than is listed here.
      kind === "import-statement" && !importer.includes("node_modules") && slow.has(name)
        ? { path: name, namespace }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path: name }) => {
      const exported = slow
        .get(name)
        .map((each) =>
          each === "default"
            ? `export default (...all) => require("${name}")(...all);`
            : `export const ${each} = (...all) => require("${name}").${each}(...all);`,
        );
      return { contents: exported.join("\n"), resolveDir: root };
    });
  },
};

/** Modules that every step uses: required once, their functions as names of their own, which minify to a letter or two. */
const byName = {
  name: "by-name",
  setup: ({ onResolve, onLoad }) => {
    const namespace = "by-name";
    onResolve({ filter: /^node:(fs|path)$/ }, ({ kind, importer, path: name }) =>
      kind === "import-statement" && !importer.includes("node_modules") ? { path: name, namespace } : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path: name }) => {
      // A call that counts as pure is left out where nobody uses its result.
      const exported = Object.keys(createRequire(import.meta.url)(name))
        .filter((each) => /^[a-z]\w*$/.test(each))
        .map((each) => `export const ${each} = /* @__PURE__ */ (() => all.${each})();`);
      return { contents: [`const all = require("${name}");`, "export default all;", ...exported].join("\n") };
    });
  },
};

const shim = await build({
  ...shared,
  plugins: [...shared.plugins, allServerStores, besideShim, onFirstCall, byName],
  entryPoints: [
    ...shimFiles.map(({ name, source }) => ({ in: source, out: path.parse(name).name })),
    { in: "src/github-action/main.ts", out: "action" },
  ],
  outdir: fresh,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  // As require(): what runs from V8's cache has no import().
  supported: { "dynamic-import": false },
  minify: true,
  banner: { js: "#!/usr/bin/env node" },
  metafile: true,
});
sign(path.join(fresh, "shim.cjs"));
// For the test of what the shim is made of; not published (package.json).
writeFileSync(path.join(fresh, "shim.meta.json"), JSON.stringify(shim.metafile));
writeFileSync(
  path.join(fresh, "THIRD-PARTY-LICENSES.txt"),
  licences([programs.metafile, task.metafile, shim.metafile]),
);
// What `magnus-shim install` puts beside the Node that it copies.
const launchers = ["x64", "arm64"].map((processor) => `launcher-${processor}`);
for (const launcher of launchers) {
  copyFileSync(path.join(root, "src/shim/launcher", launcher), path.join(fresh, launcher));
}
for (const program of ["shim.cjs", "start.cjs", "magnus.js", ...launchers]) chmodSync(path.join(fresh, program), 0o755);
replace(fresh, dist);

/** Their paths from the root, sorted. */
function filesIn(folder) {
  const names = readdirSync(path.join(root, folder), { recursive: true });
  return names.map((name) => path.posix.join(folder, name.split(path.sep).join("/"))).sort();
}

/** A last line by which a file is told from others without reading it anew: see src/shim/code-cache.ts. */
function sign(file) {
  const content = readFileSync(file);
  writeFileSync(file, `${content}//${createHash("sha256").update(content).digest("hex").slice(0, 16)}\n`);
}

/** Writes the types of an entry that users import; what it imports itself is not seen in them. */
function declare(source, name) {
  const scratch = path.join(fresh, "declarations");
  const options =
    "--declaration --emitDeclarationOnly --allowImportingTsExtensions --strict --skipLibCheck --types node";
  const platform = "--target es2023 --module nodenext --moduleResolution nodenext --ignoreConfig";
  const compiler = path.join(root, "node_modules/typescript/bin/tsc");
  const args = [
    compiler,
    source,
    ...options.split(" "),
    ...platform.split(" "),
    "--rootDir",
    "src",
    "--outDir",
    scratch,
  ];
  execFileSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  renameSync(path.join(scratch, path.relative("src", source).replace(/\.ts$/, ".d.ts")), path.join(fresh, name));
  rmSync(scratch, { recursive: true });
}

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
