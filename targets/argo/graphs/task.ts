import { present } from "../../../src/system/present.ts";

/** The parts of Argo's API that this target prints, as far as it prints them. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** What a task starts: a template and its arguments. */
export interface Call {
  readonly template: string;
  readonly parameters: readonly Parameter[];
}

export interface Task extends Call {
  readonly name: string;
  readonly depends?: string;
  readonly when?: string;
  readonly withParam?: string;
  /** How often it runs each time that its dag does, as far as that is known before: only for estimates. */
  readonly times?: number;
}

export interface DagTemplate {
  readonly name: string;
  /** What it is, for the reader of the file. */
  readonly comment: string;
  readonly inputs: readonly string[];
  /** An expression that gives the output `control`. */
  readonly control?: string;
  readonly parallelism?: number;
  readonly tasks: readonly Task[];
}

/** A dag template in the API's own shape. */
export function dagObject({ name, inputs, control, parallelism, tasks }: DagTemplate): object {
  return {
    name,
    ...(inputs.length === 0 ? {} : { inputs: { parameters: inputs.map((input) => ({ name: input })) } }),
    ...(control && { outputs: { parameters: [{ name: "control", valueFrom: { expression: control } }] } }),
    ...present({ parallelism }),
    // Argo's default would drop handlers that still wait when a step fails.
    dag: { failFast: false, tasks: tasks.map(taskObject) },
  };
}

function taskObject({ name, template, depends, when, withParam, parameters }: Task): object {
  return {
    name,
    template,
    ...present({ depends, when, withParam }),
    ...(parameters.length === 0 ? {} : { arguments: { parameters: parameters.map((each) => ({ ...each })) } }),
  };
}

/** Argo's own limit, which the API server checks (CRD: tasks, templates). */
export const mostTasks = 200;
/** Beside them a gather and a fault. */
export const mostBranches = mostTasks - 2;
