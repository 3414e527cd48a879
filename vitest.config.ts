import { defineConfig } from "vitest/config";

/** Tests that use the programs as they are published; everything is built once before them. */
const programs = [
  "test/cli/**/*.test.ts",
  "test/conformance/**/*.test.ts",
  "test/docs/**/*.test.ts",
  "test/shim/**/*.test.ts",
  "test/stress/**/*.test.ts",
];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // They import JSON in a way that only bundlers understand.
    server: { deps: { inline: [/@actions\//] } },
    projects: [
      { extends: true, test: { name: "parts", include: ["test/**/*.test.ts"], exclude: programs } },
      { extends: true, test: { name: "programs", include: programs, globalSetup: ["test/support/build.ts"] } },
    ],
  },
});
