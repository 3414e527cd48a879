/**
 * Target `github-actions`: a workflow in which each step is a job; bodies of maps and loops are files that it calls; the
 * specs are in a plan beside a local action that holds the shim. See README.md for the mapping.
 */
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import type { Target } from "../../src/target/target.ts";
import { emitFiles } from "./files.ts";
import { type GithubOptions, githubOptions } from "./options.ts";
import { githubRules } from "./rules.ts";

/** Of a loop: each is a call of its own, and they are written out. */
const mostIterations = 100;

const target: Target<GithubOptions> = {
  name: "github-actions",
  description: "a workflow for GitHub Actions",
  options: githubOptions,
  capabilities: { steps: everyStep, commands: shimCommands, iterations: mostIterations },
  rules: githubRules,
  emit: emitFiles,
};

export default target;
