import { openEventWriter } from "../run-log/record/write-events.ts";
import { openSession } from "../shim/session.ts";

/** Records where the run's page is, for who reads the log elsewhere. */
export async function linkRun(): Promise<void> {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = process.env;
  if (!server || !repository || !id) return;
  const { run, services } = openSession();
  const url = `${server}/${repository}/actions/runs/${id}`;
  const writer = openEventWriter(services.runLogStore.open(run.id));
  await writer.write({ kind: "run.native", data: { links: [{ title: "GitHub Actions", url }] } });
}
