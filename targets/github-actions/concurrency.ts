/** When runs start, and which of them run beside each other. */
import { schedulesOf } from "../../src/target/schedules/schedules.ts";
import type { GithubOptions } from "./options.ts";
import type { Writing } from "./workflow.ts";

export function scheduleOf(options: GithubOptions): object {
  return options.schedule === undefined ? {} : { schedule: schedulesOf(options).map(withoutUtc) };
}

/** An older server knows no zones; without one the times are UTC's. */
function withoutUtc({ cron, timezone }: ReturnType<typeof schedulesOf>[number]): object {
  return timezone === undefined || timezone === "UTC" ? { cron } : { cron, timezone };
}

/**
 * Scheduled runs share a group, in which one runs and at most one waits. A run that is started in another way has a group
 * of its own, and so has each call by another workflow, which may itself be scheduled.
 */
export function concurrencyOf(name: string, { call }: Writing, options: GithubOptions): object {
  const own = `magnus-${name}-\${{ github.run_id }}-${call}`;
  const { concurrency = "forbid", concurrency_group: group } = options;
  if (group !== undefined) return { group, "cancel-in-progress": concurrency === "replace" };
  if (options.schedule === undefined || concurrency === "allow") return { group: own, "cancel-in-progress": false };
  const scheduled = `github.event_name == 'schedule' && ${startedItself(name)}`;
  return {
    group: `magnus-${name}-\${{ ${scheduled} && 'schedule' || github.run_id }}-${call}`,
    "cancel-in-progress": concurrency === "replace",
  };
}

/** Whether the event started this workflow, and not one that calls it: a condition of GitHub's. `name`: of the file. */
export function startedItself(name: string): string {
  return `contains(github.workflow_ref, '/.github/workflows/${name}.yml@')`;
}
