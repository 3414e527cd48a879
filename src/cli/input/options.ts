/** Options that several commands share, as commander hands them on. */
export interface DiagnosticOptions {
  readonly format: "pretty" | "json" | "github";
  readonly quiet?: boolean;
}

export interface ConfigurationOptions {
  readonly config?: string;
  readonly set?: readonly string[];
}

export interface ParameterOptions {
  readonly parametersFile?: string;
  readonly param?: readonly string[];
}

export interface CommonOptions extends DiagnosticOptions, ConfigurationOptions, ParameterOptions {}
