import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a stand-in does with a call; undefined: what MLflow does. */
export type Fault =
  | undefined
  | { readonly kind: "status"; readonly status: number; readonly body?: string }
  | { readonly kind: "hang" }
  | { readonly kind: "cut" }
  | { readonly kind: "delay"; readonly ms: number };

export interface StoredRun {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly startTime: number;
  readonly tags: Map<string, string>;
  readonly params: Map<string, string>;
  /** As MLflow, which keeps a point of the same name, time, step and value once. */
  readonly metrics: Set<string>;
  status: string;
  endTime?: number;
}

export interface StandIn {
  readonly url: string;
  /** Of every call, by its order from 1. */
  fault: (call: string, count: number) => Fault;
  readonly calls: { readonly call: string; readonly authorization: string | undefined }[];
  readonly runs: Map<string, StoredRun>;
  readonly experiments: Map<string, string>;
  close(): Promise<void>;
}

type Body = { readonly [key: string]: unknown };

/** The calls of MLflow's REST API that tracking makes, with the limits of the real one, on loopback, with faults. */
export async function startMlflowStandIn(): Promise<StandIn> {
  const runs = new Map<string, StoredRun>();
  const experiments = new Map([["Default", "0"]]);
  const calls: StandIn["calls"] = [];
  const standIn = { fault: (): Fault => undefined, runs, experiments, calls } as Omit<StandIn, "url" | "close">;
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://stand-in");
      const call = url.pathname.replace("/api/2.0/mlflow/", "");
      const text = await textOf(request);
      calls.push({ call, authorization: request.headers.authorization });
      const fault = standIn.fault(call, calls.length);
      if (fault?.kind === "hang") return;
      if (fault?.kind === "cut") return void request.socket.destroy();
      if (fault?.kind === "status") return void response.writeHead(fault.status).end(fault.body ?? "broken");
      if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
      const { status, body } = answer(call, url, text === "" ? {} : JSON.parse(text), { runs, experiments });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(standIn, { url: `http://127.0.0.1:${port}`, close: () => end(server) });
}

function end(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function refuse(status: number, code: string, message = code) {
  return { status, body: { error_code: code, message } };
}

const list = (body: Body, key: string): { key: string; value: string | number }[] =>
  (body[key] as { key: string; value: string }[] | undefined) ?? [];

function answer(call: string, url: URL, body: Body, { runs, experiments }: Pick<StandIn, "runs" | "experiments">) {
  switch (call) {
    case "experiments/get-by-name": {
      const id = experiments.get(url.searchParams.get("experiment_name") ?? "");
      if (id === undefined) return refuse(404, "RESOURCE_DOES_NOT_EXIST");
      return { status: 200, body: { experiment: { experiment_id: id } } };
    }
    case "experiments/create": {
      const name = String(body.name);
      if (experiments.has(name)) return refuse(400, "RESOURCE_ALREADY_EXISTS");
      experiments.set(name, `${experiments.size}`);
      return { status: 200, body: { experiment_id: `${experiments.size - 1}` } };
    }
    case "runs/create": {
      const run: StoredRun = {
        id: `run${runs.size + 1}`,
        experiment: String(body.experiment_id),
        name: String(body.run_name),
        startTime: Number(body.start_time),
        tags: new Map(list(body, "tags").map(({ key, value }) => [key, String(value)])),
        params: new Map(),
        metrics: new Set(),
        status: "RUNNING",
      };
      runs.set(run.id, run);
      return { status: 200, body: { run: asJson(run) } };
    }
    case "runs/search": {
      const [, key = "", value] = /^tags\.`([^`]+)` = '([^']*)'$/.exec(String(body.filter)) ?? [];
      const found = [...runs.values()].filter(
        (run) => (body.experiment_ids as string[]).includes(run.experiment) && run.tags.get(key) === value,
      );
      // Small pages, so that more than one is asked for.
      const from = Number(body.page_token ?? 0);
      const page = found.slice(from, from + 2).map(asJson);
      return {
        status: 200,
        body: { runs: page, ...(found.length > from + 2 ? { next_page_token: `${from + 2}` } : {}) },
      };
    }
    case "runs/log-batch": {
      const run = runs.get(String(body.run_id));
      if (run === undefined) return refuse(404, "RESOURCE_DOES_NOT_EXIST");
      const [metrics, params, tags] = [list(body, "metrics"), list(body, "params"), list(body, "tags")];
      const names = [...metrics, ...params, ...tags].map(({ key }) => key);
      const wrong = names.find(
        (name) => !/^[\w\-. /]{1,250}$/.test(name) || /^\/|\/\/|\/$|(^|\/)\.\.?(\/|$)/.test(name),
      );
      if (wrong !== undefined) return refuse(400, "INVALID_PARAMETER_VALUE", `bad name ${wrong}`);
      if (metrics.length > 1000 || params.length > 100 || tags.length > 100)
        return refuse(400, "INVALID_PARAMETER_VALUE");
      for (const { key, value } of params) {
        const before = run.params.get(key);
        if (before !== undefined && before !== value)
          return refuse(400, "INVALID_PARAMETER_VALUE", "params never change");
        run.params.set(key, String(value));
      }
      for (const metric of metrics) run.metrics.add(JSON.stringify(metric));
      for (const { key, value } of tags) run.tags.set(key, String(value));
      return { status: 200, body: {} };
    }
    case "runs/update": {
      const run = runs.get(String(body.run_id));
      if (run === undefined) return refuse(404, "RESOURCE_DOES_NOT_EXIST");
      run.status = String(body.status);
      run.endTime = Number(body.end_time);
      return { status: 200, body: { run_info: {} } };
    }
    default:
      return refuse(404, "ENDPOINT_NOT_FOUND");
  }
}

function asJson({ id, tags }: StoredRun) {
  return { info: { run_id: id }, data: { tags: [...tags].map(([key, value]) => ({ key, value })) } };
}
