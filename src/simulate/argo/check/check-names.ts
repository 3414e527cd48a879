/** What `argo lint`, the CRDs, the API server and Kubernetes ask of names and sizes; and what they let through. */
import type { Problem } from "../workflow/finding.ts";
import { isInner, isObjectName } from "../workflow/object-name.ts";
import type { Workflow } from "../workflow/workflow.ts";

export function checkNames({ metadata, spec }: Workflow): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (path: Problem["path"], message: string): void => void problems.push({ path, message });
  checkMetadata(metadata, add);
  if (spec.templates.length > most) add(["spec", "templates"], `more than ${most} templates`);
  unique(spec.templates, ["spec", "templates"], "template", add);
  unique(spec.arguments?.parameters ?? [], ["spec", "arguments", "parameters"], "parameter", add);
  checkVolumes(spec.volumes ?? [], ["spec", "volumes"], add);
  for (const [i, template] of spec.templates.entries()) checkTemplate(template, ["spec", "templates", i], add);
  return problems;
}

function checkMetadata({ name, generateName }: Workflow["metadata"], add: Add): void {
  if (name === undefined && generateName === undefined) add(["metadata"], "a name or generateName is required");
  if (name !== undefined && !dnsName(name, 63)) add(["metadata", "name"], nameRule("a workflow's name", 63));
  // The API server adds five characters.
  if (generateName !== undefined && !/^[a-z0-9]([-a-z0-9.]*)$/.test(generateName))
    add(["metadata", "generateName"], "a workflow's generateName is of lower-case letters, digits and -");
  if (generateName !== undefined && generateName.length > 58)
    add(["metadata", "generateName"], "a workflow's generateName has at most 58 characters");
}

type Template = Workflow["spec"]["templates"][number];

function checkTemplate(template: Template, path: Problem["path"], add: Add): void {
  if (!dnsName(template.name, 63))
    add([...path, "name"], nameRule("a template's name, which pods have in theirs,", 63));
  for (const side of ["inputs", "outputs"] as const)
    checkParameters(template[side]?.parameters ?? [], [...path, side, "parameters"], add);
  const tasks = template.dag?.tasks ?? [];
  if (template.dag !== undefined && tasks.length === 0) add([...path, "dag"], "a dag has at least one task");
  if (tasks.length > most) add([...path, "dag", "tasks"], `more than ${most} tasks`);
  unique(tasks, [...path, "dag", "tasks"], "task", add);
  for (const [j, { name }] of tasks.entries()) checkTaskName(name, [...path, "dag", "tasks", j, "name"], add);
  (template.initContainers ?? []).forEach(({ name = "" }, j) => {
    if (name === "") add([...path, "initContainers", j], "initContainers must all have container name");
    if (reservedContainers.has(name)) add([...path, "initContainers", j, "name"], `${name} is a container of Argo's`);
  });
  for (const [j, { name }] of (template.volumes ?? []).entries())
    if (reservedVolumes.has(name)) add([...path, "volumes", j, "name"], `${name} is a volume of Argo's`);
  checkVolumes(template.volumes ?? [], [...path, "volumes"], add);
  checkContainer(template.container, [...path, "container"], add);
}

function checkParameters(parameters: readonly { readonly name: string }[], path: Problem["path"], add: Add): void {
  if (parameters.length > mostParameters) add(path, `more than ${mostParameters} parameters`);
  unique(parameters, path, "parameter", add);
  for (const [i, { name }] of parameters.entries())
    if (!/^[-\w]+$/.test(name)) add([...path, i, "name"], "a parameter's name is of letters, digits, _ and -");
}

function checkContainer(container: Template["container"], path: Problem["path"], add: Add): void {
  if (container === undefined) return;
  const { volumeMounts: mounts = [], command = [] } = container;
  for (const [j, { subPath }] of mounts.entries()) {
    const at = [...path, "volumeMounts", j, "subPath"];
    if (subPath !== undefined && !isInner(subPath))
      add(at, "a subPath stays in its volume: without .. and not absolute");
  }
  if (command.length === 0) add(path, "without a command the controller asks the registry for the image's entry point");
}

/** A name that is still to be replaced is looked at where the pod starts. */
function checkVolumes(volumes: NonNullable<Workflow["spec"]["volumes"]>, path: Problem["path"], add: Add): void {
  for (const [i, { name, persistentVolumeClaim }] of volumes.entries()) {
    const claim = persistentVolumeClaim?.claimName;
    if (!name.includes("{{") && !isObjectName(name, 63)) add([...path, i, "name"], nameRule("a volume's name", 63));
    if (claim === undefined || claim.includes("{{") || isObjectName(claim)) continue;
    add([...path, i, "persistentVolumeClaim", "claimName"], nameRule("a claim's name", 253));
  }
}

type Add = (path: Problem["path"], message: string) => void;

/** The CRDs of Argo 4 (the API server only; the linter and the controller take more). */
const most = 200;
const mostParameters = 500;

const reservedContainers = new Set(["init", "wait", "main", "supervisor"]);
const reservedVolumes = new Set(["var-run-argo", "tmp-dir-argo", "argo-staging", "input-artifacts", "argo-env-config"]);

function dnsName(name: string, length: number): boolean {
  return name.length <= length && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);
}

function nameRule(what: string, length: number): string {
  return `${what} is of lower-case letters, digits and -, and has at most ${length} characters`;
}

function unique(all: readonly { readonly name: string }[], path: Problem["path"], what: string, add: Add): void {
  const seen = new Set<string>();
  all.forEach(({ name }, i) => {
    if (seen.has(name)) add([...path, i, "name"], `two of one name: ${what} ${name}`);
    seen.add(name);
  });
}

/** Words of the language in which `depends` is evaluated: the linter lets them through, and the run fails. */
const keywords = new Set("in not and or let if else true false nil matches contains startsWith endsWith".split(" "));

function checkTaskName(name: string, path: Problem["path"], add: Add): void {
  if (!/^[a-zA-Z][-a-zA-Z0-9]*$/.test(name) || name.length > 128)
    add(path, "a task's name begins with a letter, is of letters, digits and -, and has at most 128 characters");
  if (keywords.has(name)) add(path, `a task cannot be named ${name}: depends uses it as a keyword`);
}
