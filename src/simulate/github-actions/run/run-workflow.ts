import { evaluateText, scopeOf } from "../expressions/evaluate.ts";
import type { ValueObject } from "../expressions/expression-data.ts";
import { field, fields } from "../workflow/read-fields.ts";
import { type JobState, runJob } from "./run-job.ts";
import { type CallEnd, messageOf, resultOf, type Simulation, type WorkflowCall } from "./simulation.ts";

/** Runs the jobs of one workflow, each as soon as those that it needs have ended, and gives its result and outputs. */
export async function runWorkflow(call: WorkflowCall, simulation: Simulation): Promise<CallEnd> {
  const running = new Map<string, Promise<JobState>>();
  for (const job of call.workflow.jobs) {
    const needed = Promise.all(
      job.needs.map(async (id) => {
        const state = await running.get(id.toLowerCase());
        if (state === undefined) throw new Error(`a job that ${job.id} needs was not started before it: ${id}`);
        return [id, state] as const;
      }),
    );
    running.set(
      job.id.toLowerCase(),
      needed.then((states) => runJob(job, new Map(states), call, simulation)),
    );
  }
  const states = new Map<string, JobState>();
  const inOrder = [...call.workflow.jobs].sort((a, b) => a.index - b.index);
  for (const job of inOrder) {
    const state = await running.get(job.id.toLowerCase());
    if (state !== undefined) states.set(job.id, state);
  }
  const all = [...states.values()];
  return withOutputs(
    call,
    states,
    {
      jobs: all.flatMap((state) => state.ends),
      result: resultOf(all.map((state) => state.result)),
      allSucceeded: all.every((state) => state.allSucceeded),
      outputs: {},
    },
    simulation,
  );
}

/**
 * `jobs.<id>.result` stays empty in the outputs of a called workflow, as on the server
 * (github.com/actions/runner/issues/3087).
 */
function withOutputs(
  call: WorkflowCall,
  states: ReadonlyMap<string, JobState>,
  end: CallEnd,
  simulation: Simulation,
): CallEnd {
  const jobs: ValueObject = Object.fromEntries(
    [...states].map(([id, state]) => [id, { result: "", outputs: state.outputs }] as const),
  );
  const scope = scopeOf({ github: simulation.github, inputs: call.inputs, vars: simulation.vars, jobs });
  const outputs: { [name: string]: string } = {};
  try {
    for (const [name, output] of fields(field(call.workflow.events.get("workflow_call"), "outputs"))) {
      const value = field(output, "value");
      if (value !== undefined) outputs[name] = evaluateText(value, scope);
    }
  } catch (error) {
    const message = `The outputs of ${call.workflow.path} cannot be evaluated: ${messageOf(error)}`;
    simulation.emit({ kind: "annotation", job: call.path, annotation: { level: "error", message } });
    return { ...end, result: "failure" };
  }
  return { ...end, outputs };
}
