/**
 * Target `argo`: one manifest for Argo Workflows, in which each graph is a dag template and each kind of container one
 * template that its steps share. See README.md for the mapping.
 */
import { everyStep, shimCommands } from "../../src/target/capabilities.ts";
import { checkSchedules } from "../../src/target/schedules/schedules.ts";
import type { Target } from "../../src/target/target.ts";
import { secretEntry } from "./container-environment.ts";
import { buildManifest, type Manifest, oneLine, printManifest } from "./manifest.ts";
import { type ArgoOptions, argoOptions, unusedOptions } from "./options.ts";
import { roleObjects } from "./rbac.ts";
import { checkImages, checkLimits, checkStorage } from "./rules.ts";
import { storageOf } from "./storage.ts";
import { printYaml } from "./yaml/print-yaml.ts";

/** https://argo-workflows.readthedocs.io/en/latest/cron-workflows/#daylight-saving */
const scheduler = {
  name: "Argo",
  skipped: "Argo leaves the run of that day out",
  twice: "Argo starts two runs on that day",
  // Its cron steps by hours from a full one, and so begins at minute 30 after such a change (robfig/cron 3.0.1, spec.go).
  halfHours: "Argo may leave out runs on that day",
};

const target: Target<ArgoOptions, Manifest> = {
  name: "argo",
  description: "a manifest for Argo Workflows",
  options: argoOptions,
  unusedOptions,
  checkOptions: (options, report) => checkSchedules(options, scheduler, report),
  capabilities: { steps: everyStep, commands: shimCommands },
  secretRemedy: (name, options) =>
    secretEntry(name, options) === undefined
      ? "set `targets.argo.secret` to the Secret that holds it, or list it in `secrets_from_k8s`"
      : undefined,
  lower(plan, context, sink) {
    const { options, services } = context;
    const storage = storageOf(options, services);
    checkImages(plan, context, sink);
    checkStorage(storage, options, sink);
    if (sink.hasErrors) return undefined;
    const manifest = buildManifest(plan, options, storage);
    checkLimits(manifest, context, sink);
    return manifest;
  },
  print(manifest, { options, header }) {
    const { name } = manifest.plan.pipeline;
    const files = [{ path: `${name}.argo.yaml`, content: printManifest(manifest, options, header) }];
    if (!options.emit_rbac) return files;
    const roles = roleObjects(name, options).map((role) => printYaml(role));
    return [...files, { path: `${name}.argo-rbac.yaml`, content: roles.join("---\n") }];
  },
  flags: [
    { flags: "--emit-rbac", description: "also write the Role that the service account needs", option: "emit_rbac" },
  ],
  simulator: {
    // Also as JSON.
    recognises: (text) => /^(?:kind|apiVersion):/m.test(text) || /^\s*\{/.test(text),
    flags: [
      {
        flags: "--volume <CLAIM=DIR>",
        description: "the folder of a claim (default: .magnus/claims/CLAIM; repeatable)",
        isRepeatable: true,
      },
    ],
    load: async () => (await import("./simulate.ts")).simulate,
  },
  paths: /\.argo\.yaml$/,
  header: ({ source, version }) =>
    `Compiled by magnus ${version} from ${oneLine(source)}. Change that and compile again.`,
};

export default target;
