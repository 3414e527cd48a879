/** Of a run that nobody stops or looks at. */
export const unobserved = {
  stop: new AbortController().signal,
  kill: new AbortController().signal,
  seen: () => {},
  output: () => {},
  untracked: () => {},
  unrecorded: () => {},
};
