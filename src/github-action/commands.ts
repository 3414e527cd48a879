import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { escapeData, escapeProperty } from "../system/workflow-command.ts";

/** Tasks do not get to know it. */
const outputFile = process.env.GITHUB_OUTPUT ?? "";

/** What a task prints is not read as commands to the runner meanwhile. */
export async function withoutCommands<T>(work: () => Promise<T>): Promise<T> {
  const token = randomUUID();
  print(`::stop-commands::${token}`);
  try {
    return await work();
  } finally {
    print(`::${token}::`);
  }
}

/** An annotation, seen on the run's page. GitHub cuts messages at 4 KiB, so the end is kept. */
export function annotate(title: string, message: string): void {
  print(`::error title=${escapeProperty(title)}::${escapeData(message)}`);
}

/** Whatever is printed from now on shows none of these texts. */
export function mask(secret: string): void {
  for (const line of secret.split(/\r?\n/)) if (line.trim() !== "") print(`::add-mask::${escapeData(line)}`);
}

/** An output of the step: one line. */
export function setOutput(name: string, value: string): void {
  if (outputFile !== "") appendFileSync(outputFile, `${name}=${value}\n`);
}

/** Adds to the page of the run, which takes 1 MiB a step. */
export function addToSummary(markdown: string): void {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (file !== undefined && file !== "") appendFileSync(file, markdown);
}

/** At the start of a line, whatever a task had left unended. */
function print(command: string): void {
  process.stdout.write(`\n${command}\n`);
}
