/** What a run's record says that it was compiled for: what is compiled names itself; whoever calls the shim by hand may not. */
export function targetName(given: string | boolean | undefined): string {
  return typeof given === "string" ? given : process.env.MAGNUS_TARGET || "shim";
}
