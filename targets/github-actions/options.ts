import * as z from "zod";
import { scheduleOptions } from "../../src/target/schedules/schedules.ts";

const text = z.string().min(1);
const object = z.record(z.string(), z.unknown());
const access = z.record(z.string(), z.enum(["read", "write", "none"]));

const setup = z.strictObject({
  python: text.optional().describe("version for actions/setup-python"),
  node: text.optional().describe("version for actions/setup-node"),
  install: text.optional().describe("shell commands that install what steps need"),
  steps: z.array(object).optional().describe("raw steps of a job, after those"),
});

/** What a job is made of: for all steps, and per override. */
const job = {
  runs_on: z
    .union([text, z.array(text).min(1), object])
    .optional()
    .describe("runner label or labels; ubuntu-24.04"),
  image: text.optional().describe("container image of steps that name none; absent: the runner itself"),
  container: object.optional().describe("further keys of the job's container, such as credentials"),
  environment: z.union([text, object]).optional().describe("deployment environment, whose secrets and rules apply"),
  permissions: access.optional().describe("of the token, beside `contents: read`"),
  env: z.record(z.string(), z.string()).optional().describe("environment of the step; may hold ${{ vars.NAME }}"),
  setup: setup.optional().describe("what is installed before a step runs"),
};

export const githubOptions = z.strictObject({
  ...job,
  ...scheduleOptions,
  on: object.optional().describe("further events, as GitHub has them, such as push"),
  name: text.optional().describe("shown name of the workflow; default: magnus / <pipeline>"),
  concurrency_group: text.optional().describe("group in which all runs wait for each other; default: none do"),
  secrets: z.record(z.string(), text).default({}).describe("the GitHub secret for a secret of another name"),
  many_items: z.array(text).default([]).describe("maps that may have more than 256 items; named with dots"),
  limits: z.enum(["github.com", "ghes"]).default("github.com").describe("the server; ghes: GitHub Enterprise Server"),
  overrides: z
    .record(z.string(), z.strictObject({ ...job, max_parallel: z.number().int().positive().optional() }))
    .default({}),
});

export type GithubOptions = z.infer<typeof githubOptions>;
export type JobOptions = Pick<GithubOptions, keyof typeof job>;

/** The options of a step: those of its override before those of all. */
export function jobOptions(override: string | undefined, options: GithubOptions): JobOptions {
  const own = override === undefined || !Object.hasOwn(options.overrides, override) ? {} : options.overrides[override];
  return { ...options, ...own, env: { ...options.env, ...own?.env } };
}
