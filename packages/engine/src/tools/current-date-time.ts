import { defineTool } from "../tool.ts";

/** Tells the time of the machine that runs the flow. */
export const currentDateTime = defineTool({
  name: "currentDateTime",
  create: () => [
    {
      name: "current_date_time",
      description: "Useful to get current day, date and time.",
      schema: { type: "object", properties: {} },
      component: { label: "CurrentDateTime", name: "currentDateTime" },
      async call(_args, { services }) {
        return { text: JSON.stringify(describe(new Date(services.now()))) };
      },
    },
  ],
});

function describe(now: Date): Record<string, unknown> {
  return {
    date: now.toLocaleDateString("sv-SE"), // Sweden writes dates as ISO 8601 does
    time: now.toLocaleTimeString("sv-SE"),
    day: now.toLocaleDateString("en-US", { weekday: "long" }),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    timezoneOffset: now.getTimezoneOffset(),
    iso8601: now.toISOString(),
    unix_timestamp: Math.floor(now.getTime() / 1000),
  };
}
