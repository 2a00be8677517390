import type { Day } from "./simulated-day.ts";

const width = 900;
const panel = 130;
const left = 60;
const top = 40;
const gap = 44;
const colors = ["#2563eb", "#dc2626", "#059669", "#9333ea", "#d97706"];

/** Arrivals, workers and queue of some days, one line for each policy. */
export function plotDays(days: Record<string, Day>): string {
  const names = Object.keys(days);
  const first = days[names[0]!]!;
  const panels = [
    {
      title: "predictions arriving per minute",
      lines: [first.minutes.map((each) => each.arrived)],
    },
    {
      title: "workers",
      lines: names.map((name) => days[name]!.minutes.map((each) => each.workers)),
    },
    {
      title: "predictions waiting",
      lines: names.map((name) => days[name]!.minutes.map((each) => each.waiting)),
    },
  ];
  const height = top + panels.length * (panel + gap) + 10;
  const legend = names.map((name, i) => {
    const x = left + i * 160;
    return `<rect x="${x}" y="12" width="12" height="12" fill="${colors[i]}"/><text x="${x + 18}" y="22">${name}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#374151">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend,
    ...panels.map(({ title, lines }, i) => drawPanel(title, lines, top + i * (panel + gap) + 20)),
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(title: string, lines: number[][], y: number): string {
  const most = Math.max(1, ...lines.flat());
  const span = width - left - 20;
  const points = (values: number[]) =>
    values
      .map((value, minute) => {
        const x = left + (span * minute) / values.length;
        return `${x.toFixed(1)},${(y + panel * (1 - value / most)).toFixed(1)}`;
      })
      .join(" ");
  const hours = [0, 6, 12, 18, 24].map((hour) => {
    const x = left + (span * hour) / 24;
    return `<line x1="${x}" y1="${y}" x2="${x}" y2="${y + panel}" stroke="#e5e7eb"/><text x="${x}" y="${y + panel + 14}" text-anchor="middle">${hour}:00</text>`;
  });
  return [
    `<text x="${left}" y="${y - 6}">${title}</text><text x="${left - 6}" y="${y + 10}" text-anchor="end">${most}</text>`,
    ...hours,
    ...lines.map(
      (values, i) =>
        `<polyline points="${points(values)}" fill="none" stroke="${colors[i]}" stroke-width="1.3"/>`,
    ),
  ].join("\n");
}
