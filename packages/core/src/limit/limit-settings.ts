import { z } from "zod";
import { whenAway } from "./intake.ts";
import { type RatePolicy, rateForm, readRate } from "./rate-policy.ts";

const unset = (value: unknown) =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

const rateSetting = () =>
  z.preprocess(
    unset,
    z
      .string()
      .transform((text, context) => {
        const policy = readRate(text);
        if (!policy) context.addIssue({ code: "custom", message: rateForm });
        return policy as RatePolicy;
      })
      .optional(),
  );

const share = "a part of one, e.g. 0.5";

/** Our own limits; each is off unless set. */
export const limitSettings = {
  RATE_LIMIT_GLOBAL: rateSetting(),
  RATE_LIMIT_IP: rateSetting(),
  RATE_LIMIT_FLOW: rateSetting(),
  RATE_LIMIT_KEY: rateSetting(),
  RATE_LIMIT_TENANT: rateSetting(),
  /** Of the limits in flows' own Flowise configuration. */
  RATE_LIMIT_FLOWISE_AWAY: z.preprocess(
    unset,
    z.enum(whenAway, "open, closed or local").default("closed"),
  ),
  /** This process's part of a limit while Redis is away; by default one of so many replicas. */
  RATE_LIMIT_LOCAL_SHARE: z.preprocess(
    unset,
    z.coerce.number(share).gt(0, share).max(1, share).optional(),
  ),
} as const;

const LimitSettings = z.object(limitSettings);

/** Which limits hold for whom. */
export interface LimitPolicies {
  global?: RatePolicy | undefined;
  ip?: RatePolicy | undefined;
  flow?: RatePolicy | undefined;
  key?: RatePolicy | undefined;
  tenant?: RatePolicy | undefined;
  flowiseAway: (typeof whenAway)[number];
}

export const limitPolicies = (settings: z.infer<typeof LimitSettings>): LimitPolicies => ({
  global: settings.RATE_LIMIT_GLOBAL,
  ip: settings.RATE_LIMIT_IP,
  flow: settings.RATE_LIMIT_FLOW,
  key: settings.RATE_LIMIT_KEY,
  tenant: settings.RATE_LIMIT_TENANT,
  flowiseAway: settings.RATE_LIMIT_FLOWISE_AWAY,
});
