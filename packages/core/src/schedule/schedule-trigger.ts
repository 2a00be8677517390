import type { FlowGraph } from "@sluice/engine/graph";
import { flag, rows, text } from "@sluice/engine/input";
import { CronExpressionParser } from "cron-parser";
import { z } from "zod";
import { AppError } from "../error.ts";

const Settings = z.object({
  scheduleType: text,
  scheduleCronExpression: text,
  scheduleFrequency: text,
  scheduleOnMinute: text,
  scheduleOnTime: text,
  scheduleOnDayOfWeek: text,
  scheduleOnDayOfMonth: text,
  scheduleEndDate: text,
  scheduleTimezone: text,
  scheduleInputMode: text,
  scheduleDefaultInput: text,
  scheduleFormDefaults: z.unknown().optional(),
  startPersistState: flag,
  scheduleFormInputTypes: rows(z.looseObject({})),
});

/** When a flow starts by itself, and with what. */
export interface ScheduleTrigger {
  cron: string;
  timezone: string;
  endsAt: Date | undefined;
  request: { question?: string; form?: Record<string, unknown> };
}

/** The schedule of a flow whose Start node has one. Throws `invalid` for one that cannot be kept. */
export function scheduleTriggerOf(
  graph: FlowGraph,
  { minIntervalS }: { minIntervalS: number },
): ScheduleTrigger | undefined {
  const start = graph.nodes.find((node) => node.data.name === "startAgentflow");
  if (start?.data.inputs?.startInputType !== "scheduleInput") return undefined;
  const settings = Settings.parse(start.data.inputs);
  const cron =
    settings.scheduleType === "cronExpression" ? settings.scheduleCronExpression : cronOf(settings);
  const timezone = settings.scheduleTimezone || "UTC";
  checkInterval(cron, timezone, minIntervalS);
  const endsAt = settings.scheduleEndDate ? new Date(settings.scheduleEndDate) : undefined;
  if (endsAt && Number.isNaN(endsAt.getTime()))
    throw new AppError(
      "invalid",
      `The schedule's end date ${settings.scheduleEndDate} is not a date`,
    );
  return { cron, timezone, endsAt, request: requestOf(settings) };
}

function requestOf(settings: z.infer<typeof Settings>): ScheduleTrigger["request"] {
  if (settings.scheduleInputMode === "none") return { question: " " };
  if (settings.scheduleInputMode !== "form")
    return { question: settings.scheduleDefaultInput || " " };
  const given = settings.scheduleFormDefaults;
  const form = typeof given === "string" && given !== "" ? JSON.parse(given) : given;
  return {
    form: typeof form === "object" && form !== null ? (form as Record<string, unknown>) : {},
  };
}

/** The visual picker's choice as five cron fields. */
function cronOf(settings: z.infer<typeof Settings>): string {
  const [hour = "0", minute = "0"] = (settings.scheduleOnTime || "0:0")
    .split(":")
    .map((part) => String(Number(part)));
  switch (settings.scheduleFrequency) {
    case "hourly":
      return `${Number(settings.scheduleOnMinute || 0)} * * * *`;
    case "daily":
      return `${minute} ${hour} * * *`;
    case "weekly":
      return `${minute} ${hour} * * ${listed(settings.scheduleOnDayOfWeek)}`;
    case "monthly":
      return `${minute} ${hour} ${listed(settings.scheduleOnDayOfMonth)} * *`;
    default:
      throw new AppError("invalid", "The schedule has no frequency");
  }
}

const listed = (days: string) => days.replaceAll(/[[\]"\s]/g, "") || "*";

function checkInterval(cron: string, timezone: string, minIntervalS: number): void {
  try {
    const times = CronExpressionParser.parse(cron, { tz: timezone });
    const [first, second] = [times.next().getTime(), times.next().getTime()];
    if (second - first >= minIntervalS * 1000) return;
  } catch (cause) {
    throw new AppError(
      "invalid",
      `The schedule ${JSON.stringify(cron)} (${timezone}) is not valid`,
      { cause },
    );
  }
  throw new AppError(
    "invalid",
    `The schedule ${cron} fires more often than every ${minIntervalS} s (MIN_SCHEDULE_INTERVAL_SECONDS)`,
  );
}

/** When a cron expression fires next after `after`. */
export const nextFiring = (cron: string, timezone: string, after: Date): Date =>
  CronExpressionParser.parse(cron, { tz: timezone, currentDate: after }).next().toDate();
