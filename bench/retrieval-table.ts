import type { RetrievalReport } from "../packages/engine/bench/retrieval.ts";

const column = (count: number) => "| --- ".repeat(count);

/** What indexing and asking took, as a table of Markdown. */
export function retrievalTable(report: RetrievalReport): string {
  const { chunks, dimensions, indexS, indexAgainS, queryP50Ms, queryP99Ms } = report;
  const cells = [
    `${chunks.toLocaleString("en")} × ${dimensions}`,
    `${indexS.toFixed(1)} s (${Math.round(chunks / indexS)}/s)`,
    `${indexAgainS.toFixed(2)} s`,
    `${queryP50Ms.toFixed(0)} / ${queryP99Ms.toFixed(0)} ms`,
    `${report.found} of ${report.questions}`,
    `${report.heapMb.toFixed(0)} MB`,
  ];
  return [
    "| pgvector in PGlite | indexed | again, unchanged | question p50 / p99 | own chunk first | heap |",
    `${column(cells.length)}|`,
    `| ${cells.join(" | ")} |`,
  ].join("\n");
}
