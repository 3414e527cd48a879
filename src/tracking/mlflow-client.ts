import { isArray, isObject, type Json, type JsonObject, parseJson } from "../protocol/json.ts";
import { present } from "../system/present.ts";
import { type KeyedValue, keyTag, type NewRun, type Records, type RunStatus } from "./mlflow-records.ts";
import type { MlflowSettings } from "./mlflow-settings.ts";

/**
 * The few calls of MLflow's REST API that tracking needs (https://mlflow.org/docs/latest/api_reference/rest-api.html).
 * Each rejects with one line for people; a call that could not be made, or met a server in trouble, is made once more.
 */
export interface MlflowClient {
  /** For messages: without user and password. */
  readonly name: string;
  /** The experiment's id; the configured one, else that of the given name, made where there is none. */
  openExperiment(usual: string, signal: AbortSignal): Promise<string>;
  /** The oldest run with this key. */
  findRun(experiment: string, key: string, signal: AbortSignal): Promise<string | undefined>;
  /** The runs below a run, by their keys. */
  listChildren(experiment: string, parent: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  createRun(run: NewRun & { readonly experiment: string }, signal: AbortSignal): Promise<string>;
  /** In as many batches as the API's limits ask for. */
  logAll(run: string, records: Records, signal: AbortSignal): Promise<void>;
  endRun(run: string, status: RunStatus, time: number, signal: AbortSignal): Promise<void>;
}

export function mlflowClient(settings: MlflowSettings): MlflowClient {
  const call = (path: string, body: JsonObject | undefined, signal: AbortSignal) =>
    request(settings, path, body, signal);

  const search = async (body: JsonObject, signal: AbortSignal) => {
    const found = await call("runs/search", body, signal);
    const runs = isArray(found.runs ?? null) ? (found.runs as Json[]) : [];
    const next = textAt(found, "next_page_token");
    return { runs: runs.map(readRun), ...present({ next }) };
  };

  const experimentNamed = async (name: string, signal: AbortSignal): Promise<string> => {
    const find = async () =>
      needText(
        await call(`experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`, undefined, signal),
        "experiment",
        "experiment_id",
      );
    try {
      return await find();
    } catch (error) {
      if (!isCode(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
    }
    try {
      return needText(await call("experiments/create", { name }, signal), "experiment_id");
    } catch (error) {
      // Another process made it in between.
      if (!isCode(error, "RESOURCE_ALREADY_EXISTS")) throw error;
      return find();
    }
  };

  return {
    name: `MLflow at ${new URL(settings.url).host}`,
    openExperiment: async (usual, signal) => {
      const { experiment = { name: usual } } = settings;
      return "id" in experiment ? experiment.id : experimentNamed(experiment.name, signal);
    },
    findRun: async (experiment, key, signal) => {
      const filter = `tags.\`${keyTag}\` = '${key}'`;
      const order = ["attributes.start_time ASC", "attributes.run_id ASC"];
      const body = { experiment_ids: [experiment], filter, order_by: order, max_results: 1 };
      return (await search(body, signal)).runs[0]?.id;
    },
    listChildren: async (experiment, parent, signal) => {
      const filter = `tags.\`mlflow.parentRunId\` = '${parent}'`;
      const children = new Map<string, string>();
      for (let token: string | undefined = ""; token !== undefined; ) {
        const page: JsonObject = token === "" ? {} : { page_token: token };
        const { runs, next }: Awaited<ReturnType<typeof search>> = await search(
          { experiment_ids: [experiment], filter, max_results: 1000, ...page },
          signal,
        );
        for (const { id, key } of runs) if (key !== undefined && !children.has(key)) children.set(key, id);
        token = next;
      }
      return children;
    },
    createRun: async ({ experiment, name, startTime, tags }, signal) => {
      const body = { experiment_id: experiment, run_name: name, start_time: startTime, tags: tags.map(plain) };
      return needText(await call("runs/create", body, signal), "run", "info", "run_id");
    },
    logAll: async (run, { params = [], metrics = [], tags = [] }, signal) => {
      const batches: JsonObject[] = [
        ...slices(params, mostValues).map((some) => ({ params: some.map(plain) })),
        ...slices(metrics, mostMetrics).map((some) => ({ metrics: some.map((metric) => ({ ...metric })) })),
        ...slices(tags, mostValues).map((some) => ({ tags: some.map(plain) })),
      ];
      for (const batch of batches) await call("runs/log-batch", { run_id: run, ...batch }, signal);
    },
    endRun: async (run, status, time, signal) => {
      await call("runs/update", { run_id: run, status, end_time: time }, signal);
    },
  };
}

/** Of one log-batch: metrics, and parameters or tags. */
const mostMetrics = 1000;
const mostValues = 100;

function slices<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}

function plain({ key, value }: KeyedValue): JsonObject {
  return { key, value };
}

class MlflowError extends Error {
  readonly code: string;
  readonly again: boolean;

  constructor(message: string, code: string, again: boolean) {
    super(message);
    this.code = code;
    this.again = again;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof MlflowError && error.code === code;
}

/** Milliseconds before a call is made again. */
const pauseMs = 200;

async function request(
  settings: MlflowSettings,
  path: string,
  body: JsonObject | undefined,
  signal: AbortSignal,
): Promise<JsonObject> {
  try {
    return await exchange(settings, path, body, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof MlflowError && error.again)) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  return exchange(settings, path, body, signal);
}

async function exchange(
  { url, authorization }: MlflowSettings,
  path: string,
  body: JsonObject | undefined,
  signal: AbortSignal,
): Promise<JsonObject> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { "content-type": "application/json", ...present({ authorization }) },
      ...(body && { body: JSON.stringify(body) }),
      signal,
      // A login page is no answer.
      redirect: "error",
    });
    text = await response.text();
  } catch (error) {
    throw new MlflowError(`it cannot be reached (${causeOf(error)})`, "", true);
  }
  const answer = readObject(text);
  if (response.ok && answer !== undefined) return answer;
  const code = answer === undefined ? "" : (textAt(answer, "error_code") ?? "");
  const told = answer === undefined ? plainText(response, text) : (textAt(answer, "message") ?? code);
  const detail = told === "" ? "" : `: ${told.replace(/\s+/g, " ").trim().slice(0, 200)}${remedyOf(told, url)}`;
  const again = response.status >= 500 || response.status === 429 || response.status === 408;
  const action = path.replace(/\?.*/, "");
  const what = response.ok ? "answers no JSON" : `answers ${response.status}`;
  throw new MlflowError(`it ${what} to ${action}${detail}`, code, again);
}

/** What a server says that does not answer as MLflow; pages are left out. */
function plainText(response: Response, text: string): string {
  const isPage = /html/i.test(response.headers.get("content-type") ?? "") || /^\s*</.test(text);
  return response.ok || isPage ? "" : text;
}

/** MLflow from 3.5 on refuses names of its host that it was not told (mlflow/server/security_utils.py of 3.5.0). */
function remedyOf(told: string, url: string): string {
  return /invalid host header/i.test(told)
    ? ` (start the server with --allowed-hosts ${new URL(url).host}, or MLFLOW_SERVER_ALLOWED_HOSTS)`
    : "";
}

/** The reason of `fetch failed`. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}

function readObject(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readRun(run: Json): { readonly id: string; readonly key?: string } {
  if (!isObject(run)) throw new MlflowError("its list of runs cannot be read", "", false);
  const tags = isObject(run.data ?? null) ? (run.data as JsonObject).tags : undefined;
  const tag = isArray(tags ?? null) ? (tags as Json[]).find((one) => isObject(one) && one.key === keyTag) : undefined;
  const key = isObject(tag ?? null) ? textAt(tag as JsonObject, "value") : undefined;
  return { id: needText(run, "info", "run_id"), ...present({ key }) };
}

function textAt(value: JsonObject, ...keys: readonly string[]): string | undefined {
  let at: Json | undefined = value;
  for (const key of keys) at = at !== undefined && isObject(at) ? at[key] : undefined;
  return typeof at === "string" && at !== "" ? at : undefined;
}

function needText(value: JsonObject, ...keys: readonly string[]): string {
  const text = textAt(value, ...keys);
  if (text === undefined) throw new MlflowError(`its answer has no ${keys.join(".")}`, "", false);
  return text;
}
