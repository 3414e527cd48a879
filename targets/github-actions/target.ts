/**
 * Target `github-actions`: a workflow in which each step is a job; bodies of maps and loops are files that it calls; the
 * specs are in a plan beside a local action that holds the shim. See README.md for the mapping.
 */
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import { checkSchedules } from "../../src/target/schedules/schedules.ts";
import type { Target } from "../../src/target/target.ts";
import { buildWorkflows, layoutOf, printFiles, type Workflows } from "./files.ts";
import { keepPins } from "./keep-pins.ts";
import { type GithubOptions, githubOptions } from "./options.ts";
import { checkSecretNames, checkServer, checkSizes, checkSteps, checkStorage } from "./rules.ts";
import { shown } from "./workflow.ts";

/** Of a loop: each is a call of its own, and they are written out. */
const mostIterations = 100;

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule */
const scheduler = {
  name: "GitHub",
  skipped: "GitHub starts the run of that day when the skipped hour is over",
  twice: "GitHub does not say whether it starts one run on that day or two",
  shortestPause: 5,
};

const target: Target<GithubOptions, Workflows> = {
  name: "github-actions",
  description: "a workflow for GitHub Actions",
  options: githubOptions,
  checkOptions: (options, report) => checkSchedules(options, scheduler, report),
  capabilities: { steps: everyStep, commands: shimCommands, iterations: mostIterations },
  lower(plan, context, sink) {
    const { options, services } = context;
    checkSecretNames(plan, context, sink);
    checkStorage(services, options, sink);
    checkServer(services, options, sink);
    if (sink.hasErrors) return undefined;
    const layout = layoutOf(plan, options);
    checkSteps(layout, context, sink);
    if (sink.hasErrors) return undefined;
    const workflows = buildWorkflows(plan, layout, context);
    checkSizes(workflows, context, sink);
    return workflows;
  },
  print: printFiles,
  simulator: {
    recognises: (text) => /^["']?jobs["']?:/m.test(text) && !/^kind:/m.test(text),
    flags: [
      { flags: "--fail <JOB>", description: "a job that loses its runner (repeatable)", isRepeatable: true },
      { flags: "--event <NAME>", description: "the event that starts it (default: the first that can be simulated)" },
    ],
    load: async () => (await import("./simulate.ts")).simulate,
  },
  paths: /^\.github\/workflows\/[^/]*\.yml$/,
  keep: ({ path, content }, onDisk) => (path.startsWith(".github/workflows/") ? keepPins(content, onDisk) : content),
  header: ({ source, version }) =>
    `Compiled by magnus ${version} from ${shown(source)}. Change that and compile again.`,
};

export default target;
