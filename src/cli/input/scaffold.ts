/**
 * Phase: `magnus init`. In: a name and the templates of `templates/init`. Out: the files of a first project, which runs
 * at once. Pure: the caller reads and writes.
 */
export interface ScaffoldFile {
  /** Relative posix path. */
  readonly path: string;
  readonly content: string;
  readonly executable?: true;
}

/** The files of a project called `name`; `readTemplate` gives the text of a file of `templates/init`. */
export function scaffoldFiles(name: string, readTemplate: (name: string) => string): readonly ScaffoldFile[] {
  const title = JSON.stringify(pipelineName(name));
  return templates.map(({ template, path }) => ({
    path,
    content: readTemplate(template).replaceAll("{{name}}", () => title),
  }));
}

const templates = [
  { template: "pipeline.yaml", path: "pipeline.yaml" },
  { template: "steps.py", path: "steps.py" },
  { template: "magnus-config.yaml", path: "magnus-config.yaml" },
  // npm leaves files out of packages that are called .gitignore.
  { template: "gitignore", path: ".gitignore" },
];

/** A folder's name as a pipeline's: without what names may not contain. */
function pipelineName(folder: string): string {
  const name = folder.replace(/[.%\p{Cc}\p{Cs}]+/gu, "-").replace(/^[-\s]+|[-\s]+$/g, "");
  return name === "" ? "pipeline" : name;
}
