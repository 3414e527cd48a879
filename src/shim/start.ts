/**
 * Phase: the start of the shim. In: shim.cjs beside this file. Out: the shim, running. V8 keeps what it made of the program
 * (code-cache.ts), so that the Node of the next step need not parse and compile it again. Without such a cache the shim
 * starts all the same, slower.
 */

import { readFileSync } from "node:fs";
import path from "node:path";
import { Script } from "node:vm";
import { exitCode } from "../protocol/exit-codes.ts";
import { errorCode } from "../system/error-code.ts";
import { present } from "../system/present.ts";
import { cacheName, ownCacheFolder, readCache, writeCache } from "./code-cache.ts";

const file = path.join(__dirname, "shim.cjs");
// A character a byte: the bundle is ASCII.
const source = readProgram();
const name = cacheName(source);
const own = ownCacheFolder();
const cachedData = readCache(name, __dirname, own);
const body = source.slice(source.indexOf("\n"));
const script = new Script(`(function(exports,require,module,__filename,__dirname){${body}\n})`, {
  filename: file,
  ...present({ cachedData }),
});
const usable = cachedData !== undefined && script.cachedDataRejected !== true;
// At the end of a step, since by then V8 has compiled what a step needs.
if (!usable && own !== undefined && process.argv[2] === "run") {
  process.once("exit", () => writeCache(own, name, script.createCachedData()));
}
const shim = { exports: {} };
script.runInThisContext()(shim.exports, require, shim, file, __dirname);

function readProgram(): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    process.stderr.write(
      `magnus-shim: cannot read ${file}, which this starts (${errorCode(error)}): copy it there, or use it alone\n`,
    );
    process.exit(exitCode.defect);
  }
}
