import { resolve } from "node:path";
import { serviceDefaults } from "../../protocol/services.ts";
import type { Keys, SecretsKind } from "../contract/service-kind.ts";
import { dotenvSecrets, environmentSecrets, fileSecrets, secretsFrom } from "./secrets.ts";

const environmentKeys = {
  /** Before the secret's name in the environment. */
  prefix: { kind: "text", default: "" },
  /** After it. */
  suffix: { kind: "text", default: "" },
} as const satisfies Keys;

export const inEnvironment: SecretsKind<typeof environmentKeys> = {
  type: "env-secrets",
  keys: environmentKeys,
  open: (affixes, { environment }) => environmentSecrets(environment, affixes),
};

const dotenvKeys = {
  /** The file of NAME=value lines. */
  location: { kind: "file", default: serviceDefaults.dotenvFile },
} as const satisfies Keys;

/** The environment comes first: platforms put secrets there, whatever is configured for a developer's machine. */
export const inDotenv: SecretsKind<typeof dotenvKeys> = {
  type: "dotenv",
  keys: dotenvKeys,
  open: ({ location }, { environment, cwd }) =>
    secretsFrom([environmentSecrets(environment), dotenvSecrets(resolve(cwd, location), environment)]),
};

const fileKeys = {
  /** The folder with one file a secret. */
  location: { kind: "folder", default: serviceDefaults.secretsFolder },
} as const satisfies Keys;

export const inFiles: SecretsKind<typeof fileKeys> = {
  type: "files",
  keys: fileKeys,
  open: ({ location }, { environment, cwd }) =>
    secretsFrom([environmentSecrets(environment), fileSecrets(resolve(cwd, location))]),
};

export const noSecrets: SecretsKind = {
  type: "do-nothing",
  open: () => secretsFrom([]),
};
