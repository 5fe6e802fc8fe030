import type { Graph } from '../../src/graph/graph.ts';
import type { Build } from '../../src/kernels/builds.ts';
import { UNCOMMON } from '../../src/kernels/uncommon.ts';
import type { Limits } from '../../src/plan/budget.ts';
import { type Plan, planGraph as planGraphWith } from '../../src/plan/plan.ts';

/** A plan with every family of kernels. */
export function planGraph(graph: Graph, build: Build, threads?: number, limits?: Limits): Plan {
  return planGraphWith(graph, build, threads, limits, UNCOMMON);
}
