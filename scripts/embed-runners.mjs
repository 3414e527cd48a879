// Replaces src/runtime/task-types/runner-texts.ts by a module that holds the texts themselves: a published magnus and a
// copied shim have no repository around them. Compressed, since most steps never need them.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";

export function embedRunners(root) {
  return {
    name: "embed-runners",
    setup(build) {
      build.onLoad({ filter: /task-types[\\/]runner-texts\.ts$/ }, () => ({ contents: moduleWith(texts(root)) }));
    },
  };
}

function texts(root) {
  const folders = [
    ["python/src/magnus", ".py"],
    ["src/runtime/task-types", ".mjs"],
  ];
  return Object.fromEntries(
    folders.flatMap(([folder, ending]) =>
      readdirSync(path.join(root, folder))
        .filter((name) => name.endsWith(ending))
        .sort()
        .map((name) => [name, readFileSync(path.join(root, folder, name), "utf8")]),
    ),
  );
}

function moduleWith(runners) {
  const text = brotliCompressSync(JSON.stringify(runners)).toString("base64");
  return `import { brotliDecompressSync } from "node:zlib";
export function runnerTexts() {
  return JSON.parse(brotliDecompressSync(Buffer.from("${text}", "base64")).toString("utf8"));
}
`;
}
