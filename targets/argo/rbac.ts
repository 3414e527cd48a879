import { present } from "../../src/system/present.ts";
import { workflowName } from "./graphs/names.ts";
import type { ArgoOptions } from "./options.ts";

/** What the service account of a run may do, and no more: the executor beside each step reports what it wrote. */
export function roleObjects(
  pipeline: string,
  { name, namespace, service_account_name }: ArgoOptions,
): readonly object[] {
  const role = `${workflowName(name ?? pipeline, 50)}-executor`;
  const metadata = { name: role, ...present({ namespace }) };
  const group = "rbac.authorization.k8s.io";
  const rule = { apiGroups: ["argoproj.io"], resources: ["workflowtaskresults"], verbs: ["create", "patch"] };
  const subject = { kind: "ServiceAccount", name: service_account_name ?? "default" };
  return [
    { apiVersion: `${group}/v1`, kind: "Role", metadata, rules: [rule] },
    {
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: group, kind: "Role", name: role },
      subjects: [{ ...subject, ...present({ namespace }) }],
    },
  ];
}
