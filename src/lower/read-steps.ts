import { suggest } from "../diagnostics/suggest.ts";
import type { NodeKind } from "../ir/pipeline.ts";
import { describeJson } from "../protocol/describe-json.ts";
import { isNumber, isObject, type Json, type JsonArray, type JsonObject, printJson } from "../protocol/json.ts";
import { isStepType, stepShapes, terminalShape } from "../schema/steps.ts";
import { type LoweringScope, type StepSource, stepLabel } from "./lowering-scope.ts";
import { readStep } from "./read-step.ts";

/** The steps of a graph before their edges are known. */
export interface Steps {
  /** In document order, terminals left out. */
  readonly steps: readonly TypedStep[];
  readonly terminals: readonly Terminal[];
  /** Whether what was written is a list: then the order says what follows. */
  readonly listed: boolean;
  /** Some entry could not be read at all. */
  readonly incomplete: boolean;
}

export interface TypedStep extends StepSource {
  /** Undefined: not known, and reported. */
  readonly type: NodeKind | undefined;
  /** In a list: the first step after this one that is not a fail terminal; undefined for the last. */
  following?: string;
}

export interface Terminal extends StepSource {
  readonly kind: "success" | "fail";
}

/** Reads both forms of `steps`, and sorts steps and terminals apart. */
export function readSteps(value: JsonObject | JsonArray, scope: LoweringScope): Steps {
  const listed = !isObject(value);
  const written = listed ? listedSteps(value, scope) : namedSteps(value, scope);
  const steps: TypedStep[] = [];
  const terminals: Terminal[] = [];
  const different = distinct(written, scope);
  for (const step of different) {
    const type = typeOf(step, scope);
    if (type !== "success" && type !== "fail") steps.push({ ...step, type });
    else {
      readStep(terminalShape, step, scope);
      terminals.push({ ...step, kind: type });
    }
  }
  if (listed) setFollowing(different, steps, terminals);
  const count = listed ? value.length : Object.keys(value).length;
  return { steps, terminals, listed, incomplete: steps.length + terminals.length < count };
}

function namedSteps(value: JsonObject, { document, sink }: LoweringScope): StepSource[] {
  const found: StepSource[] = [];
  for (const name of document.keysOf(value)) {
    const container = value[name];
    const nameSpan = document.keySpan(value, name) ?? document.rootSpan;
    if (isObject(container)) found.push({ name, nameSpan, container });
    else {
      found.push({ name, nameSpan, container: {}, broken: true });
      const span = document.valueSpan(value, name) ?? nameSpan;
      if (sink.hasErrorAt(span)) continue;
      const got = describeJson(container);
      sink.report("wrong-type", {
        label: stepLabel({ name }),
        expected: "a mapping with a type",
        got,
        remedy: undefined,
        span,
      });
    }
  }
  return found;
}

function listedSteps(value: JsonArray, { document, sink }: LoweringScope): StepSource[] {
  const found: StepSource[] = [];
  for (const [index, container] of value.entries()) {
    const span = document.valueSpan(value, index) ?? document.rootSpan;
    const label = `step ${index + 1} of the list`;
    if (!isObject(container)) {
      if (typeof container === "string") found.push({ name: container, nameSpan: span, container: {}, broken: true });
      if (sink.hasErrorAt(span)) continue;
      const got = describeJson(container);
      sink.report("wrong-type", { label, expected: "a mapping with a name and a type", got, remedy: undefined, span });
      continue;
    }
    const name = textOf(container.name);
    if (name !== undefined) found.push({ name, nameSpan: document.valueSpan(container, "name") ?? span, container });
    else {
      const key = document.keySpan(container, document.keysOf(container)[0] ?? "") ?? span;
      sink.report("missing-key", { what: label, key: "name", example: "name: fit", span: key });
    }
  }
  return found;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : isNumber(value) ? printJson(value) : undefined;
}

/** Of steps with one name the first counts. */
function distinct(steps: readonly StepSource[], { sink }: LoweringScope): readonly StepSource[] {
  const first = new Map<string, StepSource>();
  for (const step of steps) {
    const before = first.get(step.name);
    if (before === undefined) first.set(step.name, step);
    else {
      const related = [{ message: "the first one", span: before.nameSpan }];
      sink.report("duplicate-step", { name: step.name, span: step.nameSpan, related });
    }
  }
  return first.size === steps.length ? steps : [...first.values()];
}

function typeOf(step: StepSource, { document, sink }: LoweringScope): NodeKind | "success" | "fail" | undefined {
  if (step.broken) return undefined;
  const { type } = step.container;
  if (typeof type === "string" && isStepType(type)) return type;
  const span = document.valueSpan(step.container, "type") ?? step.nameSpan;
  if (type === "as-is") {
    sink.report("old-spelling", { label: '"as-is"', meaning: "a stub", instead: "type: stub", span });
    return "stub";
  }
  if (type === undefined || type === null) {
    const example = Object.hasOwn(step.container, "command")
      ? "type: task"
      : "type: task, or stub for a step that does nothing yet";
    sink.report("missing-key", {
      what: stepLabel(step),
      key: "type",
      example,
      span: type === null ? span : step.nameSpan,
    });
    return undefined;
  }
  const word = typeof type === "string" ? type : describeJson(type);
  sink.report("unknown-type", { type: word, suggestion: suggest(word, Object.keys(stepShapes)), span });
  return undefined;
}

/**
 * What follows each step of a list. A fail terminal among them is no place to go to on success, so it is passed over;
 * a success terminal is where the list ends.
 */
function setFollowing(
  written: readonly StepSource[],
  steps: readonly TypedStep[],
  terminals: readonly Terminal[],
): void {
  const failing = new Set(terminals.filter(({ kind }) => kind === "fail").map(({ name }) => name));
  const byName = new Map(steps.map((step) => [step.name, step]));
  let following: string | undefined;
  for (const { name } of written.toReversed()) {
    const step = byName.get(name);
    if (step !== undefined && following !== undefined) step.following = following;
    if (!failing.has(name)) following = name;
  }
}
