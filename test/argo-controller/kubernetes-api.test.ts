import { afterAll, beforeAll, expect, test } from "vitest";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes-api.ts";

let api: KubernetesApi;
beforeAll(async () => {
  api = await startKubernetesApi();
});
afterAll(() => api.close());

const pods = "/api/v1/namespaces/n/pods";

test("an object has version and uid; creating it again is a conflict; another namespace does not see it", async () => {
  const created = await call("POST", pods, { metadata: { name: "a" } });
  expect(created).toMatchObject({ code: 201, body: { apiVersion: "v1", kind: "Pod", status: { phase: "Pending" } } });
  expect(await call("POST", pods, { metadata: { name: "a" } })).toMatchObject({
    code: 409,
    body: { reason: "AlreadyExists" },
  });
  expect(await call("GET", "/api/v1/namespaces/other/pods/a")).toMatchObject({
    code: 404,
    body: { reason: "NotFound" },
  });
  expect(await call("GET", "/api/v1/pods")).toMatchObject({
    code: 200,
    body: { kind: "PodList", items: [{ metadata: { name: "a" } }] },
  });
});

test("an update of an old version is refused, one of the current gets a new version", async () => {
  const path = "/apis/argoproj.io/v1alpha1/namespaces/n/workflows";
  const { body: first } = await call("POST", path, { metadata: { name: "w" }, spec: 1 });
  const second = await call("PUT", `${path}/w`, { ...first, spec: 2 });
  expect(second).toMatchObject({ code: 200, body: { apiVersion: "argoproj.io/v1alpha1", kind: "Workflow", spec: 2 } });
  expect(second.body.metadata).not.toEqual(first.metadata);
  expect(await call("PUT", `${path}/w`, { ...first, spec: 3 })).toMatchObject({
    code: 409,
    body: { reason: "Conflict" },
  });
});

test("merge patches delete by null, JSON patches test first", async () => {
  await call("POST", pods, { metadata: { name: "p", labels: { a: "1", "b/c": "2" } } });
  const merged = await call(
    "PATCH",
    `${pods}/p`,
    { metadata: { labels: { a: null, d: "4" } } },
    "application/merge-patch+json",
  );
  expect(merged.body.metadata).toMatchObject({ labels: { "b/c": "2", d: "4" } });
  const path = "/metadata/labels/b~1c";
  const changes = [
    { op: "test", path, value: "2" },
    { op: "replace", path, value: "3" },
  ];
  const patched = await call("PATCH", `${pods}/p`, changes, "application/json-patch+json");
  expect(patched.body.metadata).toMatchObject({ labels: { "b/c": "3", d: "4" } });
  expect(await call("PATCH", `${pods}/p`, changes, "application/json-patch+json")).toMatchObject({ code: 422 });
});

test("a deleted object with finalizers stays until they are removed", async () => {
  await call("POST", pods, { metadata: { name: "f", finalizers: ["x/y"] } });
  await call("DELETE", `${pods}/f`);
  expect(await call("GET", `${pods}/f`)).toMatchObject({
    body: { metadata: { deletionTimestamp: expect.any(String) } },
  });
  await call("PATCH", `${pods}/f`, { metadata: { finalizers: null } }, "application/merge-patch+json");
  expect(await call("GET", `${pods}/f`)).toMatchObject({ code: 404 });
});

test("a watch begins after its version, and tells what enters and leaves its selector", async () => {
  const { body: list } = await call("GET", "/api/v1/namespaces/n/secrets");
  const secrets = "/api/v1/namespaces/n/secrets";
  const merge = "application/merge-patch+json";
  await call("POST", secrets, { metadata: { name: "s", labels: { done: "true" } } });
  await call("PATCH", `${secrets}/s`, { metadata: { labels: { done: "no" } } }, merge);
  await call("PATCH", `${secrets}/s`, { data: { a: "1" } }, merge);
  await call("PATCH", `${secrets}/s`, { metadata: { labels: { done: "true" } } }, merge);
  const version = String(Reflect.get(Object(list.metadata), "resourceVersion"));
  const query = new URLSearchParams({
    watch: "true",
    resourceVersion: version,
    labelSelector: "done notin (true,yes)",
    fieldSelector: "metadata.name=s",
    timeoutSeconds: "0.2",
  });
  const response = await fetch(`${api.url}${secrets}?${query}`);
  const lines = (await response.text()).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
});

test("bodies that are no JSON are refused by name", async () => {
  const response = await fetch(`${api.url}${pods}`, { method: "POST", body: "k8s\0protobuf" });
  expect(response.status).toBe(415);
});

async function call(method: string, path: string, body?: object, type = "application/json") {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": type } };
  const response = await fetch(`${api.url}${path}`, { method, ...sent });
  const answered: { readonly [field: string]: unknown } = JSON.parse(await response.text());
  return { code: response.status, body: answered };
}
