/**
 * Preloaded into Node (NODE_OPTIONS): of all that is written below the folder FULL_DIR, by all processes together, the
 * FULL_AT-th fails as where the disk is full. FULL_COUNT: a file in which they count, a byte each.
 */
const fs = require("node:fs");
const path = require("node:path");
const { syncBuiltinESMExports } = require("node:module");

const { FULL_DIR: folder = "", FULL_AT: at = "", FULL_COUNT: counter = "" } = process.env;
const { appendFileSync, existsSync, statSync } = fs;
const files = new Map();

function isBelow(file) {
  const name = typeof file === "number" ? files.get(file) : String(file);
  return name !== undefined && path.resolve(name).startsWith(folder);
}

function spend(file, syscall) {
  if (!isBelow(file)) return;
  appendFileSync(counter, ".");
  if (statSync(counter).size !== Number(at)) return;
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), {
    code: "ENOSPC",
    errno: -28,
    syscall,
  });
}

/** Calls that write, with the argument that says where. */
const calls = { writeSync: 0, appendFileSync: 0, writeFileSync: 0, mkdirSync: 0, linkSync: 1, renameSync: 1 };
for (const [name, which] of Object.entries(calls)) {
  const real = fs[name];
  fs[name] = (...args) => {
    const made = name === "mkdirSync" && existsSync(args[0]);
    if (!made) spend(args[which], name.replace(/(File)?Sync$/, ""));
    return real(...args);
  };
}
const { openSync, closeSync } = fs;
fs.openSync = (file, flags, ...more) => {
  if (/[wa]/.test(String(flags)) && !existsSync(file)) spend(file, "open");
  const descriptor = openSync(file, flags, ...more);
  files.set(descriptor, file);
  return descriptor;
};
fs.closeSync = (descriptor) => {
  files.delete(descriptor);
  closeSync(descriptor);
};
syncBuiltinESMExports();
