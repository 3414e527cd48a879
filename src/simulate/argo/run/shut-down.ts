import { isFulfilled } from "./node.ts";
import { type Simulation, setPhase } from "./simulation.ts";

/** What `argo stop` makes of all that has not ended (operator.go, markNodeFailedOnShutdown); only the exit handler runs on. */
export function shutDown(simulation: Simulation): void {
  for (const node of simulation.nodes.values())
    if (!isFulfilled(node)) setPhase(simulation, node, "Failed", "workflow shutdown with strategy: Stop");
}
