/**
 * A Kubernetes API in memory, on loopback: enough for a workflow-controller. In: its HTTP requests, and the same objects in
 * process. Out: create, get, list, watch, update, patch, delete of the resources below, with versions and conflicts as the
 * real one has them. It checks nothing (no schema, no rights, no admission), so what a real API server would refuse is not
 * found here.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Change, type KubernetesObject, ObjectStore, Refusal } from "./object-store.ts";
import { patch } from "./patch.ts";
import { type Selector, selectorOf } from "./selector.ts";

/** Resource → kind. The group and version of an object are those of the request. */
const kinds = {
  clusterworkflowtemplates: "ClusterWorkflowTemplate",
  configmaps: "ConfigMap",
  cronworkflows: "CronWorkflow",
  events: "Event",
  leases: "Lease",
  namespaces: "Namespace",
  persistentvolumeclaims: "PersistentVolumeClaim",
  poddisruptionbudgets: "PodDisruptionBudget",
  pods: "Pod",
  secrets: "Secret",
  serviceaccounts: "ServiceAccount",
  workflowartifactgctasks: "WorkflowArtifactGCTask",
  workfloweventbindings: "WorkflowEventBinding",
  workflows: "Workflow",
  workflowtaskresults: "WorkflowTaskResult",
  workflowtasksets: "WorkflowTaskSet",
  workflowtemplates: "WorkflowTemplate",
} as const;

export type Resource = keyof typeof kinds;

export interface KubernetesApi {
  readonly url: string;
  /** The objects of a resource, for use in process. */
  readonly store: (resource: Resource) => ObjectStore;
  /** Ends all watches and the server. */
  readonly close: () => Promise<void>;
}

export async function startKubernetesApi(): Promise<KubernetesApi> {
  let version = 0;
  const stores = new Map<string, ObjectStore>(
    Object.keys(kinds).map((resource) => [resource, new ObjectStore(() => ++version)]),
  );
  const store = (resource: string): ObjectStore => {
    const found = stores.get(resource);
    if (found === undefined) throw new Refusal(404, "NotFound", `the resource ${resource} is not served`);
    return found;
  };
  const server = createServer((request, response) => {
    answer(request, response, store, () => version).catch((error: unknown) => refuse(response, error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    store,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Target {
  /** `apiVersion` of the resource: `v1`, `argoproj.io/v1alpha1`. */
  readonly apiVersion: string;
  readonly resource: string;
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly name?: string;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  store: (resource: string) => ObjectStore,
  version: () => number,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://api");
  const target = targetOf(url.pathname);
  const body = await bodyOf(request);
  if (target.resource.startsWith("selfsubject")) {
    // Every right is granted.
    return send(response, 201, { ...fieldsOf(body), status: { allowed: true } });
  }
  const objects = store(target.resource);
  if (target.name === undefined && request.method === "GET") {
    const selector = selectorOf(url.searchParams.get("labelSelector"), url.searchParams.get("fieldSelector"));
    const selected: Selector = (object) =>
      (target.namespace === "" || object.metadata.namespace === target.namespace) && selector(object);
    if (url.searchParams.get("watch") === "true") return watch(url, response, objects, selected, version);
    const items = objects.list().filter(selected);
    const kind = `${kindOf(target.resource)}List`;
    return send(response, 200, {
      apiVersion: target.apiVersion,
      kind,
      metadata: { resourceVersion: String(version()) },
      items,
    });
  }
  const [code, object] = change(request, url, target, objects, body);
  send(response, code, object);
}

function change(
  request: IncomingMessage,
  url: URL,
  target: Target,
  objects: ObjectStore,
  body: unknown,
): readonly [number, object] {
  const { namespace, name, apiVersion, resource } = target;
  const typed = (object: unknown): KubernetesObject => ({ ...objectOf(object), apiVersion, kind: kindOf(resource) });
  switch (request.method) {
    case "GET":
      return [200, objects.get(namespace, name ?? "")];
    case "POST":
      checkSize(resource, body);
      // A pod without a phase, which a real API server never shows, is an Error for Argo.
      return [
        201,
        objects.create(namespace, { ...typed(body), ...(resource === "pods" ? { status: { phase: "Pending" } } : {}) }),
      ];
    case "PUT":
      return [200, objects.update(namespace, name ?? "", typed(body))];
    case "PATCH": {
      const before = objects.get(namespace, name ?? "");
      const after = patch(before, request.headers["content-type"] ?? "", body);
      return [200, objects.update(namespace, name ?? "", typed(after))];
    }
    case "DELETE": {
      const selector = selectorOf(url.searchParams.get("labelSelector"), url.searchParams.get("fieldSelector"));
      const gone =
        name === undefined
          ? objects.list().filter((object) => object.metadata.namespace === namespace && selector(object))
          : [objects.get(namespace, name)];
      for (const { metadata } of gone) objects.delete(metadata.namespace ?? "", metadata.name);
      return [200, { apiVersion: "v1", kind: "Status", status: "Success" }];
    }
    default:
      throw new Refusal(405, "MethodNotAllowed", `${request.method} is not known`);
  }
}

/** What is in a ConfigMap (core/v1, MaxSecretSize) or, about, in any object (etcd) is at most 1 MiB. */
function checkSize(resource: string, body: unknown): void {
  if (resource !== "configmaps" && resource !== "workflows") return;
  const counted = resource === "configmaps" ? objectOf(body).data : body;
  if (Buffer.byteLength(JSON.stringify(counted ?? {})) > 1024 ** 2)
    throw new Refusal(422, "Invalid", `${resource}: must have at most 1048576 bytes`);
}

/** Streams changes as lines of JSON until the client goes or its time is over. */
function watch(
  url: URL,
  response: ServerResponse,
  objects: ObjectStore,
  selected: Selector,
  version: () => number,
): void {
  const from = url.searchParams.get("resourceVersion") ?? "";
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const end = objects.watch(from === "" || from === "0" ? version() : Number(from), (event) => {
    const line = eventOf(event, selected);
    if (line !== undefined) response.write(`${JSON.stringify(line)}\n`);
  });
  const seconds = Number(url.searchParams.get("timeoutSeconds") ?? 600);
  const timer = setTimeout(() => response.end(), seconds * 1000);
  response.on("close", () => {
    clearTimeout(timer);
    end();
  });
}

/** An object that no longer matches the selector is told as deleted, one that now does as added. */
function eventOf({ version, before, after }: Change, selected: Selector): object | undefined {
  const was = before !== undefined && selected(before);
  if (after !== undefined && selected(after)) return { type: was ? "MODIFIED" : "ADDED", object: after };
  if (!was) return undefined;
  const last = after ?? before;
  return { type: "DELETED", object: { ...last, metadata: { ...last.metadata, resourceVersion: String(version) } } };
}

/** `/api/v1/…` and `/apis/<group>/<version>/…`, then `[namespaces/<namespace>/]<resource>[/<name>[/<subresource>]]`. */
function targetOf(pathname: string): Target {
  const [root, ...parts] = pathname.split("/").slice(1).map(decodeURIComponent);
  const apiVersion = (root === "api" ? parts.splice(0, 1) : parts.splice(0, 2)).join("/");
  const namespaced = parts[0] === "namespaces" && parts.length > 2;
  const namespace = namespaced ? (parts.splice(0, 2)[1] ?? "") : "";
  const [resource = "", name] = parts;
  return { apiVersion, resource, namespace, ...(name === undefined ? {} : { name }) };
}

function kindOf(resource: string): string {
  const found = Object.entries(kinds).find(([name]) => name === resource);
  if (found === undefined) throw new Refusal(404, "NotFound", `the resource ${resource} is not served`);
  return found[1];
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // The stock controller's typed clients speak protobuf.
    throw new Refusal(415, "UnsupportedMediaType", "only JSON is understood; the controller's clients must speak it");
  }
}

function objectOf(value: unknown): KubernetesObject {
  const { metadata, ...rest } = fieldsOf(value);
  // The parse boundary of the API: clients send what their generated types say.
  return { ...rest, metadata: fieldsOf(metadata) as unknown as KubernetesObject["metadata"] };
}

function fieldsOf(value: unknown): { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null) throw new Refusal(400, "BadRequest", "an object was expected");
  return { ...value };
}

function send(response: ServerResponse, code: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(code, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof Refusal;
  const code = known ? error.code : 500;
  const reason = known ? error.reason : "InternalError";
  const message = error instanceof Error ? error.message : String(error);
  const status = { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure", message, reason, code };
  // Only a watch has begun to answer before it can fail.
  if (response.headersSent) response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
  else send(response, code, status);
}
