import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { withoutAws } from "./test/support/without-aws.ts";

/** Tests that use the programs as they are published; everything is built once before them. */
const programs = [
  "test/cli/**/*.test.ts",
  "test/conformance/**/*.test.ts",
  "test/docs/**/*.test.ts",
  "test/shim/**/*.test.ts",
  "test/stress/**/*.test.ts",
  "test/task/**/*.test.ts",
];

/** GitHub's packages name source maps of sources that they do not contain; each would be warned about. */
const withoutSourceMaps = {
  name: "actions-without-source-maps",
  load: (id: string) =>
    /\/node_modules\/@actions\/.*\.js$/.test(id)
      ? { code: readFileSync(id, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, ""), map: null }
      : undefined,
};

export default defineConfig({
  plugins: [withoutSourceMaps],
  test: {
    env: withoutAws,
    // One more than the usual number on two processors: most tests wait for programs most of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // They import JSON in a way that only bundlers understand.
    server: { deps: { inline: [/@actions\//] } },
    projects: [
      { extends: true, test: { name: "parts", include: ["test/**/*.test.ts"], exclude: programs } },
      { extends: true, test: { name: "programs", include: programs, globalSetup: ["test/support/build.ts"] } },
    ],
  },
});
