// Replaces src/runtime/task-types/runner-texts.ts by a module that holds the texts themselves: a published magnus and a
// copied shim have no repository around them. Compressed, since most steps never need them.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { buildSync } from "esbuild";

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
    ["src/runtime/task-types", "-runner.mjs"],
  ];
  return Object.fromEntries(
    folders.flatMap(([folder, ending]) =>
      readdirSync(path.join(root, folder))
        .filter((name) => name.endsWith(ending))
        .sort()
        .map((name) => [name, smaller(path.join(root, folder, name))]),
    ),
  );
}

/** Without what only readers of the source need. */
function smaller(file) {
  if (file.endsWith(".mjs")) return bundled(file);
  const typed = readFileSync(file, "utf8");
  // Annotations are never evaluated; what only checkers of types read is this, and the overloads.
  const text = typed
    .replace(/^TYPE_CHECKING = .*\nif TYPE_CHECKING:\n(?:(?: .*|else:)?\n)+/m, "")
    .replace(/^@overload\ndef .*\n/gm, "")
    .replace(/^( *def .*\)) -> .*:$/gm, "$1:")
    .replace(/^( *\w+): .* = /gm, "$1 = ");
  // A docstring may be all that a body has, and a module's stands where no statement may.
  const plain = text.replace(/^( *)"""[\s\S]*?"""\n/gm, (_, indent) => (indent === "" ? "" : `${indent}0\n`));
  const code = plain.replace(/^ *#.*\n/gm, "").replace(/^( *)0\n(?=\1\S)/gm, "");
  // What stands in quotes over several lines is left as it is.
  if (code.includes('"""')) return code;
  return code.replace(/\n{2,}/g, "\n").replace(/^( {4})+/gm, (indent) => " ".repeat(indent.length / 4));
}

/** With what it imports of its folder: one file starts faster than two. */
function bundled(file) {
  const options = { bundle: true, minify: true, platform: "node", format: "esm", target: "node18", write: false };
  return buildSync({ entryPoints: [file], ...options }).outputFiles[0].text;
}

/** Text of 85 letters (ZeroMQ's Z85) is a sixteenth shorter than of 64, and the shim has a limit. */
const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

function moduleWith(runners) {
  const files = Object.entries(runners).map(([name, text]) => `${name}\n${text}`);
  const bytes = brotliCompressSync(files.join("\0"), {
    params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
  });
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = "";
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readUInt32BE(at);
    for (let power = 4; power >= 0; power--) text += letters[Math.floor(word / 85 ** power) % 85];
  }
  return `import { brotliDecompressSync } from "node:zlib";
const letters = ${JSON.stringify(letters)};
const text = ${JSON.stringify(text)};
export function runnerTexts() {
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (let i = 0; i < 5; i++) word = word * 85 + letters.indexOf(text[at + i]);
    bytes.writeUInt32BE(word, (at / 5) * 4);
  }
  const files = brotliDecompressSync(bytes.subarray(0, ${bytes.length})).toString("utf8").split("\\0");
  return Object.fromEntries(files.map((file) => file.split(/\\n([^]*)/)));
}
`;
}
