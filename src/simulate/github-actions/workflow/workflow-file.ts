import type { BasicExpressionToken, TemplateToken } from "@actions/workflow-parser/templates/tokens/index";

/**
 * A workflow as it is run: the parser's tokens, each under its key. The parser's own typed model is not used because
 * it leaves out `continue-on-error` and `timeout-minutes` of jobs, `shell`, `defaults` and more.
 */
export interface WorkflowFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly name: string;
  /** Names of events, each with its settings where it has some. */
  readonly events: ReadonlyMap<string, TemplateToken | undefined>;
  readonly env: TemplateToken | undefined;
  readonly defaults: TemplateToken | undefined;
  readonly permissions: TemplateToken | undefined;
  /** In an order in which a job comes after those that it needs. */
  readonly jobs: readonly WorkflowJob[];
}

export interface WorkflowJob {
  readonly id: string;
  /** Place in the file. */
  readonly index: number;
  readonly needs: readonly string[];
  /** With `success() && (…)` around it where the file's has no status function. */
  readonly condition: BasicExpressionToken;
  readonly name: TemplateToken | undefined;
  readonly matrix: TemplateToken | undefined;
  readonly failFast: TemplateToken | undefined;
  readonly maxParallel: TemplateToken | undefined;
  readonly continueOnError: TemplateToken | undefined;
  readonly timeoutMinutes: TemplateToken | undefined;
  readonly env: TemplateToken | undefined;
  readonly defaults: TemplateToken | undefined;
  readonly outputs: TemplateToken | undefined;
  readonly permissions: TemplateToken | undefined;
  /** Keys that are accepted and have no effect here. */
  readonly ignored: readonly string[];
  readonly work:
    | { readonly kind: "steps"; readonly steps: readonly WorkflowStep[] }
    | {
        readonly kind: "call";
        /** Relative to the repository. */
        readonly workflow: string;
        readonly with: TemplateToken | undefined;
        readonly secrets: "inherit" | TemplateToken | undefined;
      };
}

export interface WorkflowStep {
  /** Given, or made up: then it begins with `__` and is no key of the context `steps`. */
  readonly id: string;
  readonly name: TemplateToken | undefined;
  readonly condition: BasicExpressionToken;
  readonly env: TemplateToken | undefined;
  readonly with: TemplateToken | undefined;
  readonly continueOnError: TemplateToken | undefined;
  readonly timeoutMinutes: TemplateToken | undefined;
  readonly work:
    | {
        readonly kind: "run";
        readonly script: TemplateToken;
        readonly shell: TemplateToken | undefined;
        readonly workingDirectory: TemplateToken | undefined;
      }
    | { readonly kind: "uses"; readonly action: string };
}

export interface InputDefinition {
  readonly name: string;
  readonly type: "string" | "number" | "boolean" | "choice" | "environment";
  readonly required: boolean;
  readonly default: TemplateToken | undefined;
  readonly options: readonly string[];
}
