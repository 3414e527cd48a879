/**
 * Phase: diagnostics. In: a code with its holes and a place. Out: what is printed for people, scripts and GitHub.
 * This is the table of all codes; each has a folder in fixtures/errors that shows its exact text.
 */
import { commandCodes } from "./codes-command.ts";
import { configurationCodes } from "./codes-configuration.ts";
import { pipelineCodes } from "./codes-pipeline.ts";
import { shapeCodes } from "./codes-shape.ts";
import { stepCodes } from "./codes-step.ts";
import { yamlCodes } from "./codes-yaml.ts";

export const codes = {
  ...yamlCodes,
  ...shapeCodes,
  ...stepCodes,
  ...pipelineCodes,
  ...configurationCodes,
  ...commandCodes,
};

export type Code = keyof typeof codes;

type HolesOf<Template> = Template extends (holes: infer Holes) => string | undefined
  ? unknown extends Holes
    ? object
    : Holes
  : object;
type HintOf<Entry> = Entry extends { hint: infer Hint } ? Hint : undefined;

/** What a code's message and hint need to know. */
export type Holes<C extends Code> = HolesOf<(typeof codes)[C]["message"]> & HolesOf<HintOf<(typeof codes)[C]>>;
