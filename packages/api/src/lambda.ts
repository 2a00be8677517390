import type { Hono } from "hono";
import { streamHandle } from "hono/aws-lambda";
import { lambdaApp } from "./lambda-app.ts";
import { openEnvironment } from "./lambda-environment.ts";

/** The API as a function behind a function URL or a REST API in stream mode. */
const app = lambdaApp({ open: () => openEnvironment(process.env), streamLimitMs: 120_000 });

export const handler = streamHandle(app as unknown as Hono);
