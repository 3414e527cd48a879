import { posix } from "node:path";
import type { Frontend } from "./frontend.ts";
import { readYaml } from "./yaml.ts";

const extension = /\.(?:ya?ml|json)$/i;

/** Pipelines in YAML, of which JSON is a part. */
export const yamlFrontend: Frontend = {
  name: "yaml",
  reads: (input) => extension.test(input),
  read: ({ file }, sink) => {
    const document = readYaml(file, sink);
    return document && { ...document, defaultName: posix.basename(file.name).replace(extension, "") };
  },
};
