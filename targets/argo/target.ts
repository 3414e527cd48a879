/**
 * Target `argo`: one manifest for Argo Workflows, in which each graph is a dag template and each kind of container one
 * template that its steps share. See README.md for the mapping.
 */
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import type { Target } from "../../src/target/target.ts";
import { printManifest } from "./manifest.ts";
import { type ArgoOptions, argoOptions } from "./options.ts";
import { printYaml } from "./print-yaml.ts";
import { roleObjects } from "./rbac.ts";
import { argoRules } from "./rules.ts";

const target: Target<ArgoOptions> = {
  name: "argo",
  description: "a manifest for Argo Workflows",
  options: argoOptions,
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
