/**
 * Target `argo`: one manifest for Argo Workflows, in which each graph is a dag template and each kind of container one
 * template that its steps share. See README.md for the mapping.
 */
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import { checkSchedules } from "../../src/target/schedules/schedules.ts";
import type { Target } from "../../src/target/target.ts";
import { printManifest } from "./manifest.ts";
import { type ArgoOptions, argoOptions } from "./options.ts";
import { roleObjects } from "./rbac.ts";
import { argoRules } from "./rules.ts";
import { printYaml } from "./yaml/print-yaml.ts";

/** https://argo-workflows.readthedocs.io/en/latest/cron-workflows/#daylight-saving */
const scheduler = {
  name: "Argo",
  skipped: "Argo leaves the run of that day out",
  twice: "Argo starts two runs on that day",
  // Its cron steps by hours from a full one, and so begins at minute 30 after such a change (robfig/cron 3.0.1, spec.go).
  halfHours: "Argo may leave out runs on that day",
};

const target: Target<ArgoOptions> = {
  name: "argo",
  description: "a manifest for Argo Workflows",
  options: argoOptions,
  checkOptions: (options, report) => checkSchedules(options, scheduler, report),
  capabilities: { steps: everyStep, commands: shimCommands },
  rules: argoRules,
  emit(plan, context) {
    const { name } = plan.pipeline;
    const files = [{ path: `${name}.argo.yaml`, content: printManifest(plan, context) }];
    if (!context.options.emit_rbac) return files;
    const roles = roleObjects(name, context.options).map(printYaml).join("---\n");
    return [...files, { path: `${name}.argo-rbac.yaml`, content: roles }];
  },
};

export default target;
