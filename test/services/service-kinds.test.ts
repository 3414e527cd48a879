import { describe, expect, it } from "vitest";
import { elsewhereOf, serviceKinds } from "../../src/services/service-kinds.ts";
import type { SettingKey } from "../../src/stores/contract/service-kind.ts";

const kinds = Object.values(serviceKinds).flat();

describe("the backends", () => {
  it("mask every key that is called as secrets are", () => {
    const keys = kinds.flatMap((kind) => Object.entries<SettingKey>(kind.keys ?? {}));
    expect(keys.filter(([name, { kind }]) => /pass|secret|token|credential/i.test(name) && kind !== "secret")).toEqual(
      [],
    );
  });

  it("mask every variable of theirs that is called so and goes to containers", () => {
    const host = Object.fromEntries(
      ["PGPASSWORD", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "AWS_ACCESS_KEY_ID"].map((name) => [
        name,
        "x",
      ]),
    );
    const sources = { AWS_CONTAINER_AUTHORIZATION_TOKEN: "x", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x" };
    const keys = { AWS_SECRET_ACCESS_KEY: "x", AWS_SESSION_TOKEN: "x" };
    for (const [type, { variables }] of Object.entries(elsewhereOf)) {
      const secret = kinds.flatMap((kind) => (kind.type === type ? (kind.secretVariables ?? []) : []));
      for (const environment of [{ ...host, ...keys }, sources]) {
        const names = Object.keys(variables?.(() => undefined, environment) ?? {});
        const told = names.filter((name) => /PASSWORD|TOKEN$|SECRET/.test(name));
        expect(secret).toEqual(expect.arrayContaining(told));
      }
    }
  });

  it("are of one type each, and what is told of them elsewhere is told of one that there is", () => {
    for (const each of Object.values(serviceKinds)) {
      const types = each.map(({ type }: { readonly type: string }) => type);
      expect(new Set(types).size).toBe(types.length);
    }
    expect(kinds.map(({ type }) => type)).toEqual(expect.arrayContaining(Object.keys(elsewhereOf)));
  });
});
