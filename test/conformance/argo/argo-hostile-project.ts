/**
 * A project in which every channel from a pipeline to a task carries every hostile text, and whose tasks publish what
 * arrived. In: a folder. Out: the files in it, what is to be submitted, and the parameters with which the run has to end.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { JsonObject } from "../../../src/protocol/json.ts";

export interface HostileProject {
  /** Options of the target, beside the usual ones. */
  readonly options: object;
  /** Texts as `argo submit -p` takes them. */
  readonly submitted: { readonly [parameter: string]: string };
  readonly secrets: { readonly [key: string]: string };
  /** Final parameters of the run, among others. */
  readonly expected: JsonObject;
}

export function hostileProject(work: string): HostileProject {
  writeFileSync(path.join(work, "show.cjs"), show);
  writeFileSync(path.join(work, "pipeline.yaml"), JSON.stringify(pipeline(), undefined, 1));
  // The configuration reads `$NAME`, and `$$` as `$`.
  const variables = Object.fromEntries(texts.map((text, i) => [`OPTION_${i}`, text.replaceAll("$", "$$$$")]));
  return {
    options: { env: variables },
    submitted: {
      text: submitted,
      json: JSON.stringify(short).replace(/\{(?=\{)/g, "\\u007b"),
      big: "$$".repeat(50_000),
    },
    secrets: Object.fromEntries(texts.map((text, i) => [`SECRET_${i}`, text])),
    expected: {
      words: texts,
      variables: texts,
      options: texts,
      // A secret itself would be refused: the digests are published.
      digests: texts.map((text) => createHash("sha256").update(text).digest("hex")),
      defaults: values,
      ...Object.fromEntries(names.map((name, i) => [`name_${i}`, name])),
      seen: values,
      branches: names.map((name, i) => `${i} ${name}`),
      hit: way,
      given: [submitted, short, "$$".repeat(50_000)],
      length: long.length,
    },
  };
}

/** What commands and environments may hold. */
const texts: readonly string[] = [
  'it\'s "quoted" `and` $(ticked) \\ back\\',
  "two\nlines\r\n\n end \n",
  "{{workflow.name}} {{=1+1}} {{inputs.parameters.spec}} {{item}} {{nothing}} {{ }} {{=",
  "{{{braces}}} {{",
  "$(MAGNUS_RUN_ID) $$(MAGNUS_RUN_ID) $$ $$$ $(NOTHING) ${HOME} $HOME ${{ x }} $",
  "\u001b[31mred\u001b[0m \u0007\u000b\u007f\t\u0001",
  "\u{1fadf} \u{1fae9} \u{1f3f3}\ufe0f\u200d\u{1f308} Ωmega \u2028\u2029 \ufeff",
  "- a: *b # c",
  "no",
  "@/etc/passwd",
  "",
  "%s %n %%",
  "<a href='x'>&amp;</a>",
];

/** What parameters and items may hold besides. */
const short: readonly string[] = [...texts, "NUL \0 within", "half \ud83d a character"];
const values: readonly string[] = [...short, "x".repeat(200_000)];

/** What steps and branches may be called. */
const names: readonly string[] = [
  'it\'s "quoted" $(touch pwned) \\',
  "{{item}} {{=1}} {{",
  "$$ $(MAGNUS_RUN_ID)",
  "\u{1fadf} Ωmega",
  "in",
  "y",
];

const way = "{{=1}} $$ $(MAGNUS_RUN_ID) \n \u{1fadf} 'way'";
/** Without `{{`, which Argo itself reads in what is submitted: that is written as JSON. */
const submitted = '$$ $(MAGNUS_RUN_ID) "it\'s" \n \u0001\u007f \u{1fadf} \u001b[1m }} end';
const long = "y".repeat(200_000);

/** Publishes what it was given, as JSON in which half of a character stays what it is. */
const show = `
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const [what, name, ...more] = process.argv.slice(2);
const parameters = JSON.parse(fs.readFileSync(process.env.MAGNUS_PARAMETERS_FILE, "utf8"));
const value = {
  words: () => more,
  variables: () => more.map((key) => process.env[key]),
  parameters: () => more.map((key) => parameters[key]),
  parameter: () => parameters[more[0]],
  digests: () => more.map((key) => createHash("sha256").update(process.env[key]).digest("hex")),
  step: () => process.env.MAGNUS_STEP,
  branch: () => more[0] + " " + process.env.MAGNUS_STEP.split(".")[1],
  length: () => fs.statSync(more[0]).size,
}[what]();
fs.writeFileSync(process.env.MAGNUS_OUTPUT_FILE, JSON.stringify({ parameters: { [name]: value } }) + "\\n");
`;

function pipeline(): object {
  const keys = (prefix: string): readonly string[] => texts.map((_, i) => `${prefix}_${i}`);
  const named = names.map((name, i) => ({ ...task(name, ["step", `name_${i}`]) }));
  return {
    name: "hostile {{workflow.name}} $$ $(X)",
    description: texts.join("\n"),
    parameters: { text: "none", json: [], big: "none", values, way },
    dag: {
      steps: [
        task("words", ["words", "words", ...texts]),
        { ...task("variables", ["variables", "variables", ...keys("V")]), env: environment() },
        task("options", ["variables", "options", ...keys("OPTION")]),
        { ...task("secrets", ["digests", "digests", ...keys("SECRET")]), secrets: keys("SECRET") },
        task("defaults", ["parameter", "defaults", "values"]),
        task("given", ["parameters", "given", "text", "json", "big"]),
        {
          ...task("long", []),
          command: `cat > long.txt <<'END'\n${long}\nEND\ntruncate -s -1 long.txt\nnode show.cjs length length long.txt`,
        },
        ...named,
        {
          name: "each",
          type: "map",
          iterate_on: "values",
          iterate_as: "value",
          branch: { steps: [task("one", ["parameter", "seen", "value"])] },
        },
        {
          name: "side by side",
          type: "parallel",
          on_conflict: "list",
          branches: Object.fromEntries(
            names.map((name, i) => [name, { steps: [task("own", ["branch", "branches", String(i)])] }]),
          ),
        },
        {
          name: "choose",
          type: "conditional",
          parameter: "way",
          branches: {
            other: { steps: [{ name: "nothing", type: "stub" }] },
            [way]: { steps: [task("hit", ["parameter", "hit", "way"])] },
          },
        },
      ],
    },
  };
}

function environment(): object {
  return Object.fromEntries(texts.map((text, i) => [`V_${i}`, text]));
}

function task(name: string, words: readonly string[]): object {
  return { name, type: "task", command_type: "shell", command: `node show.cjs ${words.map(quoted).join(" ")}` };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
