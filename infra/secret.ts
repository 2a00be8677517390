import type { Stage } from "./stage.ts";

/** What people set with `sst secret set`. Only what the stage uses is asked for. */
export function createSecrets(stage: Stage) {
  const adminKey = new sst.Secret("AdminKey");
  const credentialKey = new sst.Secret("CredentialKey");
  const redis = stage.redis === "elasticache" ? undefined : new sst.Secret("RedisUrl");
  const rest =
    stage.redis === "upstash" && stage.api === "lambda"
      ? { url: new sst.Secret("UpstashRestUrl"), token: new sst.Secret("UpstashRestToken") }
      : undefined;
  const database = stage.database === "external" ? new sst.Secret("DatabaseUrl") : undefined;
  return {
    adminKey,
    credentialKey,
    rest,
    redisUrl: () => redis!.value,
    databaseUrl: () => database!.value,
  };
}
export type Secrets = ReturnType<typeof createSecrets>;

/**
 * Everything secret that processes read, in one place: tasks get single keys of it by ARN, so that no value stands in a
 * task definition; functions get it as a link, which is encrypted beside their code.
 */
export function createSettings(
  stage: Stage,
  secrets: Secrets,
  { redisUrl, databaseUrl }: { redisUrl: $util.Input<string>; databaseUrl: $util.Input<string> },
) {
  const store = new aws.secretsmanager.Secret("SettingsSecret", {
    description: "What Sluice's processes read",
    recoveryWindowInDays: stage.production ? 7 : 0,
  });
  const shared = {
    REDIS_URL: redisUrl,
    DATABASE_URL: databaseUrl,
    FLOWISE_SECRETKEY_OVERWRITE: secrets.credentialKey.value,
  };
  const version = new aws.secretsmanager.SecretVersion("SettingsVersion", {
    secretId: store.id,
    secretString: $jsonStringify({ ...shared, SLUICE_API_KEY: secrets.adminKey.value }),
  });
  // The version's id makes tasks of a new value a new revision.
  const key = (name: string) =>
    $interpolate`${store.arn}:${name}::${version.versionId.apply((id) => id ?? "")}`;
  const common = {
    REDIS_URL: key("REDIS_URL"),
    DATABASE_URL: key("DATABASE_URL"),
    FLOWISE_SECRETKEY_OVERWRITE: key("FLOWISE_SECRETKEY_OVERWRITE"),
  };
  return {
    arn: store.arn,
    workerSsm: common,
    apiSsm: { ...common, SLUICE_API_KEY: key("SLUICE_API_KEY") },
    link: new sst.Linkable("Settings", {
      properties: {
        ...shared,
        SLUICE_API_KEY: secrets.adminKey.value,
        ...(secrets.rest && {
          UPSTASH_REDIS_REST_URL: secrets.rest.url.value,
          UPSTASH_REDIS_REST_TOKEN: secrets.rest.token.value,
        }),
      },
    }),
  };
}
export type Settings = ReturnType<typeof createSettings>;
