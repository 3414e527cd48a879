import { defineConfig } from "vitest/config";
import { root } from "../support/build.ts";
import { withoutAws } from "../support/without-aws.ts";

/** `npm run test:argo`: these tests need the real controller, which few machines have, and some minutes. */
export default defineConfig({
  root,
  test: {
    env: withoutAws,
    include: ["test/argo-controller/**/*.test.ts"],
    globalSetup: ["test/support/build.ts"],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    // Workflows at a time in the one controller.
    maxConcurrency: 4,
  },
});
