import { describe, expect, it } from "vitest";
import { openServices } from "../../src/services/open-services.ts";

const bucket = { type: "s3", bucket: "runs" };

function credentials(services: object, environment: { readonly [name: string]: string }): readonly string[] {
  return [...new Set(openServices(services as never, environment, "/").credentials())];
}

describe("credentials of the services", () => {
  it("are none where all is in folders, whatever the environment holds", () => {
    const environment = { AWS_SECRET_ACCESS_KEY: "key", PGPASSWORD: "pass", MLFLOW_TRACKING_TOKEN: "token" };
    expect(credentials({}, environment)).toEqual([]);
  });

  it("of a bucket are in AWS's variables", () => {
    const environment = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key", AWS_SESSION_TOKEN: "token" };
    expect(credentials({ run_log_store: bucket }, environment)).toEqual(["key", "token"]);
    expect(credentials({ catalog: bucket }, environment)).toEqual(["key", "token"]);
  });

  it("of a database are its password, in the address as it is written and as it is meant, and in the variable", () => {
    const run_log_store = { type: "postgres", url: `postgres://me:\${DB_PASSWORD}@db/runs` };
    const environment = { DB_PASSWORD: "p%40ss", PGPASSWORD: "other" };
    expect(credentials({ run_log_store }, environment)).toEqual(["p%40ss", "p@ss", "other"]);
  });

  it("a password that is the user's name is none", () => {
    const run_log_store = { type: "postgres", url: "postgres://postgres:postgres@db/runs" };
    expect(credentials({ run_log_store }, {})).toEqual([]);
  });

  it("one that cannot be decoded counts as it is written", () => {
    const run_log_store = { type: "postgres", url: "postgres://me:100%@db/runs" };
    expect(credentials({ run_log_store }, {})).toEqual(["100%"]);
  });

  it("of MLflow are in the server's address and in its variables", () => {
    const environment = { MLFLOW_TRACKING_URI: "https://me:there@ml", MLFLOW_TRACKING_TOKEN: "token" };
    expect(credentials({ experiment_tracker: { type: "mlflow" } }, environment)).toEqual(["there", "token"]);
    const named = { type: "mlflow", server_url: "https://me:here@ml" };
    expect(credentials({ experiment_tracker: named }, environment)).toEqual(["here", "there", "token"]);
  });
});
