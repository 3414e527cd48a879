import { present } from "../../src/system/present.ts";
import { schedulesOf } from "../../src/target/schedules/schedules.ts";
import type { ArgoOptions } from "./options.ts";

const policies = { forbid: "Forbid", replace: "Replace", allow: "Allow" } as const;

/** What starts runs of a WorkflowTemplate of the same name. */
export function cronWorkflow(name: string, options: ArgoOptions): object {
  const schedules = schedulesOf(options).map(({ cron, timezone = "UTC" }) => ({ cron, timezone }));
  const [first, ...others] = new Set(schedules.map(({ timezone }) => timezone));
  // Without a zone Argo goes by its controller's. It has one for all schedules, and its reader takes one before each.
  const texts = schedules.map(({ cron, timezone }) => (others.length === 0 ? cron : `CRON_TZ=${timezone} ${cron}`));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "CronWorkflow",
    metadata: { name, ...present({ namespace: options.namespace }) },
    spec: {
      schedules: texts,
      ...(others.length === 0 ? { timezone: first } : {}),
      concurrencyPolicy: policies[options.concurrency ?? "forbid"],
      workflowSpec: { workflowTemplateRef: { name } },
    },
  };
}
