// The pipelines that are measured, as texts.

/** Steps one after the other; `task` is what each does. */
export function chain(count, task = "command_type: shell, command: 'true'") {
  const lines = ["dag:", "  start_at: step 0", "  steps:"];
  for (let i = 0; i < count; i++) {
    lines.push(`    step ${i}: {type: task, ${task}, next: ${i + 1 < count ? `step ${i + 1}` : "success"}}`);
  }
  return `${lines.join("\n")}\n`;
}

/** One task for each of a list of numbers. */
export function map(items, task = "command: 'true'") {
  const list = Array.from({ length: items }, (_, i) => i).join(", ");
  return `parameters: {n: [${list}]}
dag:
  steps:
    - name: each
      type: map
      iterate_on: n
      iterate_as: i
      branch: {steps: [{name: work, type: task, command_type: shell, ${task}}]}
`;
}
