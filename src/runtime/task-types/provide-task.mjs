/**
 * Makes `magnus-pipelines/task` importable for a project that has it not installed: magnus may be installed globally, or
 * be a shim that was copied into an image.
 */
import { readFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const taskName = "magnus-pipelines/task";

/** Whether `task`, the module's file, must stand in for the package in what these folders hold. */
export function isMissing(task, folders) {
  return task !== null && !folders.some(has);
}

function has(folder) {
  try {
    createRequire(`${folder}/`).resolve(taskName);
    return true;
  } catch {
    return false;
  }
}

/** `entry`: the URL of the file that is imported next. */
export function provideTask(task, entry) {
  const found = { url: pathToFileURL(task).href, format: "module", shortCircuit: true };
  if (module.registerHooks !== undefined) {
    module.registerHooks({
      resolve: (specifier, context, next) => (specifier === taskName ? found : next(specifier, context)),
    });
  } else if (mentions(entry)) {
    // Older Nodes run hooks in a thread of their own, which takes longer to start than most functions run.
    const hook = `export const resolve = (s, c, next) => s === ${JSON.stringify(taskName)} ? ${JSON.stringify(found)} : next(s, c);`;
    module.register?.(`data:text/javascript,${encodeURIComponent(hook)}`);
  }
}

/** Whether a file, or one of those of the project that it imports, has the package's name in it. */
function mentions(entry) {
  const seen = new Set([entry.href]);
  for (const file of seen) {
    let text;
    try {
      text = readFileSync(new URL(file), "utf8");
    } catch {
      continue;
    }
    if (text.includes(taskName)) return true;
    for (const [, , relative] of text.matchAll(/(["'])(\.\.?\/[^"'\n]+)\1/g)) {
      if (/\.[cm]?js$/.test(relative)) seen.add(new URL(relative, file).href);
    }
  }
  return false;
}
