import type { Environment } from "../system/environment.ts";
import { present } from "../system/present.ts";

/** Where a tracking server is and what it is told, from the configuration and MLflow's own variables. */
export interface MlflowSettings {
  /** http or https, without user and password. */
  readonly url: string;
  /** The header `authorization`; a secret. */
  readonly authorization?: string;
  /** Absent: the pipeline's name. */
  readonly experiment?: { readonly name: string } | { readonly id: string };
}

/**
 * https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html: MLFLOW_TRACKING_URI (where the
 * configuration names no server), MLFLOW_TRACKING_USERNAME and _PASSWORD, else MLFLOW_TRACKING_TOKEN, MLFLOW_EXPERIMENT_ID,
 * else MLFLOW_EXPERIMENT_NAME. Gives one line for people where they cannot be used.
 */
export function readMlflowSettings(server: string | undefined, env: Environment): MlflowSettings | string {
  const text = server || env.MLFLOW_TRACKING_URI || "";
  if (text === "") return "no server is named; set server_url or MLFLOW_TRACKING_URI";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Never the text itself: it may hold a password.
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return "the server is named by no http(s) URL; start one with `mlflow server`";
  }
  const user = url.username === "" ? env.MLFLOW_TRACKING_USERNAME : decodeURIComponent(url.username);
  const password = url.password === "" ? env.MLFLOW_TRACKING_PASSWORD : decodeURIComponent(url.password);
  const token = env.MLFLOW_TRACKING_TOKEN;
  const basic = user && password ? `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` : undefined;
  const authorization = basic ?? (token ? `Bearer ${token}` : undefined);
  const { MLFLOW_EXPERIMENT_ID: id, MLFLOW_EXPERIMENT_NAME: name } = env;
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...present({ authorization }),
    ...(id ? { experiment: { id } } : name ? { experiment: { name } } : {}),
  };
}
