#!/usr/bin/env node
// sst-synth: run an SST (v4) app's infrastructure program with the REAL platform components, but
// against Pulumi's mock monitor, and write every resource it would register as JSON.
// No AWS account, no Pulumi engine, no Docker engine, no network besides the npm registry
// (and that only the first time, for `sst install`).
//
// Use (from the folder that holds sst.config.ts, with `sst` in node_modules):
//   node sst-synth.mjs --stage production --out .sst/synth.production.json
// Options:
//   --root DIR         folder with sst.config.ts            (default: the current one)
//   --stage NAME       stage to synthesise                   (default: test)
//   --dev              as `sst dev` would ($dev = true)
//   --secret K=V       value of `new sst.Secret("K")`; may be repeated
//   --unset-secrets    do not invent values for secrets that are not given
//   --account ID --region R                                  (defaults: 111122223333, eu-central-1 or the config's)
//   --state-version Name=N   pretend component Name was deployed with component version N
//   --out FILE         where to write the JSON               (default: stdout)
//   --types            also (re)write sst-env.d.ts beside sst.config.ts from the links
//   --install-only     only make .sst/platform (enough for `tsc`), then stop
// As a library: import { synth } from "./sst-synth.mjs"; const s = await synth({ root, stage })
//   s.resources: [{ urn, type, name, parent, custom, inputs, ignoreChanges, protect, retainOnDelete, dependsOn }]
//   s.outputs, s.links, s.builds (functions that were bundled), s.invokes, s.app
//   helpers: find(s, type, name?) -> one or throws; filter(s, type, name?); policies(role) -> statements
//
// What it cannot tell: whether AWS accepts a value (limits, names, quotas, regions), what Docker builds, what the
// engine would change or replace, Pulumi's auto-naming of bare resources, and outputs that only AWS knows - the
// mocks below invent those; add a `case` to answerResource / answerInvoke when a component asks for one more.
// Side effects: `.sst/` (ignore it in git) and, as in a real deploy, SST's own edit of `.dockerignore` (commit a line `.sst`).
// It mirrors, in its own code, what the CLI does before it hands a program to Pulumi: evaluate the config's
// app(), bundle run() with the globals, serve the CLI's little JSON-RPC on loopback, and run it in a stack.
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SELF = fileURLToPath(import.meta.url);

// ---------------------------------------------------------------- platform
/** The `sst` package's folder (its exports hide package.json, so it is looked for by hand). */
function sstPackage(root) {
  for (let dir = root; ; dir = path.dirname(dir)) {
    const p = path.join(dir, "node_modules/sst");
    if (existsSync(path.join(p, "package.json"))) return p;
    if (dir === path.dirname(dir)) throw new Error("`sst` is not installed: run npm ci first");
  }
}

/** Unpack SST's platform sources and install its npm dependencies, by the CLI's own command. */
export function ensurePlatform(root, { stage = "ci", quiet = true, force = false } = {}) {
  const sst = sstPackage(root);
  const pkg = JSON.parse(readFileSync(path.join(sst, "package.json"), "utf8"));
  const versionFile = path.join(root, ".sst/platform/version");
  const types = path.join(root, ".sst/platform/config.d.ts");
  if (
    !force &&
    existsSync(versionFile) &&
    existsSync(types) &&
    readFileSync(versionFile, "utf8") === pkg.version
  )
    return pkg.version;
  execFileSync(process.execPath, [path.join(sst, "bin/sst.mjs"), "install"], {
    cwd: root,
    stdio: quiet ? ["ignore", "ignore", "inherit"] : "inherit",
    env: {
      ...process.env,
      SST_SKIP_DEPENDENCY_CHECK: "1", // no download of the pulumi and bun binaries
      NO_BUN: "1", // npm installs the platform's packages
      SST_TELEMETRY_DISABLED: "1",
      AWS_EC2_METADATA_DISABLED: "true", // nothing here may go looking for credentials
      SST_STAGE: stage,
    },
  });
  if (!existsSync(types)) throw new Error("sst install left no .sst/platform/config.d.ts");
  return pkg.version;
}

// ---------------------------------------------------------------- bundling
function bundler(root) {
  const platform = path.join(root, ".sst/platform");
  const esbuild = createRequire(path.join(platform, "package.json"))("esbuild");
  const banner = `
import { createRequire as __cr } from "module"; const require = __cr(import.meta.url);
import { fileURLToPath as __fp } from "url"; const __filename = __fp(import.meta.url); const __dirname = __fp(new URL(".", import.meta.url));
`;
  const external = [
    "@pulumi/*",
    "@pulumiverse/*",
    "@sst-provider/*",
    "@aws-sdk/*",
    "undici",
    "esbuild",
    "archiver",
    "glob",
    "vite",
  ];
  return {
    async build({
      code,
      outfile,
      define = {},
      inject = [],
      prelude = "",
      extraBanner = "",
      plugins = [],
    }) {
      await esbuild.build({
        stdin: { contents: code, resolveDir: root, sourcefile: "synth-entry.ts", loader: "ts" },
        outfile,
        bundle: true,
        write: true,
        format: "esm",
        platform: "node",
        mainFields: ["module", "main"],
        sourcemap: "inline",
        banner: { js: banner + extraBanner },
        define,
        inject,
        external,
        logLevel: "silent",
        nodePaths: [path.join(platform, "node_modules")],
        plugins: prelude
          ? [
              {
                name: "globals",
                setup(b) {
                  b.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, (a) => {
                    if (
                      a.path.startsWith(realpathSync(path.join(root, ".sst")) + path.sep) ||
                      a.path.includes(`${path.sep}node_modules${path.sep}`)
                    )
                      return undefined;
                    return {
                      contents: `${prelude}\n${readFileSync(a.path, "utf8")}`,
                      loader: a.path.endsWith("x") ? "tsx" : "ts",
                    };
                  });
                },
              },
            ]
          : plugins,
      });
      return outfile;
    },
  };
}

/** The config's app(input), as the CLI evaluates it. */
async function evaluateApp(root, stage) {
  const outfile = path.join(root, ".sst/platform", `synth.app.${process.pid}.${Date.now()}.mjs`);
  await bundler(root).build({
    code: `import mod from ${JSON.stringify(path.join(root, "sst.config.ts"))}; export default await mod.app({ stage: ${JSON.stringify(stage)} });`,
    extraBanner: "const $config = (i) => i;\n",
    outfile,
    plugins: [
      {
        name: "no-top-level-imports", // as the CLI does
        setup: (b) =>
          b.onResolve({ filter: /.*/ }, (a) =>
            path.basename(a.importer) === "sst.config.ts" && a.kind === "import-statement"
              ? {
                  errors: [
                    {
                      text: `sst.config.ts has a top-level import of "${a.path}": SST refuses it; import inside run()`,
                    },
                  ],
                }
              : undefined,
          ),
      },
    ],
  });
  try {
    const app = (await import(pathToFileURL(outfile).href)).default;
    const providers = { ...(app.providers ?? {}) };
    if (["aws", "cloudflare"].includes(app.home) && !providers[app.home]) providers[app.home] = {};
    for (const [k, v] of Object.entries(providers))
      if (typeof v !== "object") providers[k] = typeof v === "string" ? { version: v } : {};
    return {
      name: app.name,
      stage,
      removal: app.removal ?? "retain",
      protect: !!app.protect,
      home: app.home,
      version: app.version ?? "",
      providers,
      watch: app.watch ?? null,
      state: app.state ?? null,
    };
  } finally {
    rmSync(outfile, { force: true });
  }
}

// ---------------------------------------------------------------- the CLI's JSON-RPC, on loopback
async function rpcServer(root, ctx) {
  const esbuild = createRequire(path.join(root, ".sst/platform/package.json"))("esbuild");
  const methods = {
    "Provider.Aws.Bootstrap": () => ({
      asset: `sst-asset-synth`,
      state: "sst-state-synth",
      assetEcrRegistryId: ctx.account,
      assetEcrUrl: `${ctx.account}.dkr.ecr.${ctx.region}.amazonaws.com/sst-asset`,
      appsyncHttp: "appsync.invalid",
      appsyncRealtime: "appsync-realtime.invalid",
    }),
    "Provider.Aws.Appsync": () => ({
      http: "appsync.invalid",
      realtime: "appsync-realtime.invalid",
    }),
    "Runtime.AddTarget": () => true,
    "Runtime.Build": async (input) => {
      const out = mkdtempSync(path.join(tmpdir(), "sst-synth-fn-"));
      ctx.temp.push(out);
      if (input.bundle)
        return {
          handler: input.handler,
          out: path.resolve(root, input.bundle),
          errors: [],
          sourcemaps: [],
        };
      const base = input.handler.replace(/\.[^./]+$/, "");
      const file = [".ts", ".tsx", ".mts", ".js", ".mjs"]
        .map((e) => path.join(root, base + e))
        .find(existsSync);
      if (!file)
        return {
          handler: "",
          out,
          errors: [`Handler not found: ${input.handler}`],
          sourcemaps: [],
        };
      if (!ctx.bundles) {
        writeFileSync(path.join(out, "bundle.mjs"), "");
        return { handler: `bundle${path.extname(input.handler)}`, out, errors: [], sourcemaps: [] };
      }
      try {
        const nodejs = input.properties ?? {};
        const r = await esbuild.build({
          entryPoints: [file],
          outfile: path.join(out, "bundle.mjs"),
          bundle: true,
          platform: "node",
          format: "esm",
          target: "es2022",
          minify: nodejs.minify !== false,
          external: [
            "sharp",
            "pg-native",
            ...(Array.isArray(nodejs.install) ? nodejs.install : Object.keys(nodejs.install ?? {})),
            ...(nodejs.esbuild?.external ?? []),
          ],
          loader: nodejs.loader ?? {},
          metafile: true,
          logLevel: "silent",
          absWorkingDir: root,
          conditions: ["module"],
          banner: {
            js: `import{createRequire as __c}from"module";const require=__c(import.meta.url);${nodejs.banner ?? ""}`,
          },
        });
        const bytes = Object.values(r.metafile.outputs).reduce((n, o) => n + o.bytes, 0);
        ctx.builds.push({
          functionID: input.functionID,
          handler: input.handler,
          bytes,
          inputs: Object.keys(r.metafile.inputs).length,
        });
        return { handler: `bundle${path.extname(input.handler)}`, out, errors: [], sourcemaps: [] };
      } catch (e) {
        return {
          handler: "",
          out,
          errors: (e.errors ?? [{ text: String(e) }]).map(
            (x) => `${x.location ? `${x.location.file}:${x.location.line}: ` : ""}${x.text}`,
          ),
          sourcemaps: [],
        };
      }
    },
  };
  const server = createServer((req, res) => {
    let body = "";
    req
      .on("data", (d) => (body += d))
      .on("end", async () => {
        const { method, params } = JSON.parse(body);
        const fn = methods[method];
        let reply;
        try {
          reply = fn
            ? { result: await fn(params[0]) }
            : { error: `rpc: can't find method ${method}` };
        } catch (e) {
          reply = { error: String(e?.message ?? e) };
        }
        res.setHeader("content-type", "application/json");
        res.end(JSON.stringify(reply));
      });
  });
  await new Promise((ok) => server.listen(0, "127.0.0.1", ok));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

// ---------------------------------------------------------------- mocks: what AWS would have answered
const list = (v) => (v == null ? undefined : Array.isArray(v) ? v : [v]);
function policyDocument(inputs) {
  return {
    Version: "2012-10-17",
    Statement: (inputs.statements ?? []).map((s) => {
      const principals = s.principals?.length
        ? Object.fromEntries(s.principals.map((p) => [p.type, p.identifiers]))
        : undefined;
      const condition = s.conditions?.length ? {} : undefined;
      for (const { test, variable, values } of s.conditions ?? []) {
        condition[test] ??= {};
        condition[test][variable] = values;
      }
      return Object.fromEntries(
        Object.entries({
          Sid: s.sid,
          Effect: s.effect ?? "Allow",
          Principal: principals,
          Action: list(s.actions),
          NotAction: list(s.notActions),
          Resource: list(s.resources),
          Condition: condition,
        }).filter(([, v]) => v !== undefined),
      );
    }),
  };
}
function answerInvoke(ctx, token, inputs) {
  const t = token.split(":").pop();
  const { region, account } = ctx;
  switch (t) {
    case "getRegion":
      return {
        id: region,
        name: region,
        region,
        description: region,
        endpoint: `ec2.${region}.amazonaws.com`,
      };
    case "getPartition":
      return {
        id: "aws",
        partition: "aws",
        dnsSuffix: "amazonaws.com",
        reverseDnsPrefix: "com.amazonaws",
      };
    case "getCallerIdentity":
      return {
        id: account,
        accountId: account,
        arn: `arn:aws:iam::${account}:user/synth`,
        userId: "AIDASYNTH",
      };
    case "getAvailabilityZones":
      return {
        id: region,
        names: ["a", "b", "c"].map((z) => region + z),
        zoneIds: ["az1", "az2", "az3"],
        groupNames: [region],
      };
    case "getPolicyDocument": {
      const doc = policyDocument(inputs);
      const json = JSON.stringify(doc);
      return { ...inputs, id: "doc", json, minifiedJson: json };
    }
    case "getAmi":
      return { id: "ami-0synth", imageId: "ami-0synth", architecture: "arm64" };
    case "getAuthorizationToken":
      return {
        id: region,
        proxyEndpoint: `https://${account}.dkr.ecr.${region}.amazonaws.com`,
        userName: "AWS",
        password: "synth",
        authorizationToken: "synth",
        expiresAt: "",
      };
    case "getCachePolicy":
    case "getOriginRequestPolicy":
    case "getResponseHeadersPolicy":
      return { ...inputs, id: `${t}-${inputs.name ?? inputs.id}` };
    case "getZone":
      return {
        ...inputs,
        id: "Z000SYNTH",
        zoneId: "Z000SYNTH",
        name: inputs.name ?? "example.test",
      };
    default:
      return { ...inputs, id: `${t}-synth` };
  }
}
const kebab = (s) =>
  s
    .replace(/[^a-zA-Z0-9]+/g, "-")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase();
function answerResource(ctx, { type, name, inputs, id }) {
  const { region, account } = ctx;
  const [, mod = "", cls = type] = type.match(/^[^:]+:([^/:]+)[^:]*:(.+)$/) ?? [];
  const rid = id || inputs.name || inputs.bucket || `${kebab(name)}-id`;
  const arn = (svc, res) => `arn:aws:${svc}:${region}:${account}:${res}`;
  const s = { ...inputs };
  if (type.startsWith("aws:")) {
    s.arn ??= arn(mod, `${kebab(cls)}/${rid}`);
    s.name ??= inputs.namePrefix ? inputs.namePrefix + name : name;
    s.tagsAll ??= inputs.tags ?? {};
  }
  let theId = rid;
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      s.result = "Synth!Pass&word#0123456789abcdef".slice(0, inputs.length ?? 32);
      break;
    case "random:index/randomBytes:RandomBytes":
      s.base64 = Buffer.alloc(inputs.length ?? 32, 7).toString("base64");
      s.hex = Buffer.alloc(inputs.length ?? 32, 7).toString("hex");
      break;
    case "random:index/randomId:RandomId":
      s.hex = "0123456789abcdef";
      s.dec = "42";
      s.b64Url = "c3ludGg";
      break;
    case "tls:index/privateKey:PrivateKey":
      s.privateKeyOpenssh = "synth";
      s.publicKeyOpenssh = "ssh-rsa synth";
      s.privateKeyPem = "synth";
      break;
    case "docker-build:index:Image":
      s.digest = `sha256:${"ab".repeat(32)}`;
      s.ref = `synth@${s.digest}`;
      break;
    case "aws:iam/role:Role":
      s.arn = `arn:aws:iam::${account}:role/${s.name}`;
      theId = s.name;
      break;
    case "aws:ec2/vpc:Vpc":
      theId = `vpc-${kebab(name)}`;
      s.defaultSecurityGroupId = "sg-default";
      break;
    case "aws:ec2/subnet:Subnet":
      theId = `subnet-${kebab(name)}`;
      break;
    case "aws:ec2/securityGroup:SecurityGroup":
    case "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
      theId = `sg-${kebab(name)}`;
      break;
    case "aws:ec2/eip:Eip":
      s.publicIp = "198.51.100.10";
      break;
    case "aws:ecs/cluster:Cluster":
      s.arn = arn("ecs", `cluster/${s.name}`);
      theId = s.arn;
      break;
    case "aws:ecs/service:Service":
      s.arn = arn("ecs", `service/${String(inputs.cluster).split("/").pop()}/${s.name}`);
      theId = s.arn;
      break;
    case "aws:ecs/taskDefinition:TaskDefinition":
      s.arn = arn("ecs", `task-definition/${inputs.family}:1`);
      s.arnWithoutRevision = arn("ecs", `task-definition/${inputs.family}`);
      s.revision = 1;
      theId = inputs.family;
      break;
    case "aws:elasticache/replicationGroup:ReplicationGroup":
      s.clusterEnabled = inputs.clusterMode === "enabled";
      s.primaryEndpointAddress = `master.${kebab(name)}.synth.cache.amazonaws.com`;
      s.configurationEndpointAddress = `clustercfg.${kebab(name)}.synth.cache.amazonaws.com`;
      s.readerEndpointAddress = `replica.${kebab(name)}.synth.cache.amazonaws.com`;
      s.port ??= 6379;
      break;
    case "aws:rds/instance:Instance":
      s.address = `${kebab(name)}.synth.rds.amazonaws.com`;
      s.port ??= 5432;
      s.endpoint = `${s.address}:${s.port}`;
      break;
    case "aws:rds/cluster:Cluster":
      s.endpoint = `${kebab(name)}.cluster-synth.rds.amazonaws.com`;
      s.readerEndpoint = `${kebab(name)}.cluster-ro-synth.rds.amazonaws.com`;
      s.port ??= 5432;
      break;
    case "aws:rds/proxy:Proxy":
      s.endpoint = `${kebab(name)}.proxy-synth.rds.amazonaws.com`;
      break;
    case "aws:lambda/function:Function":
      s.arn = arn("lambda", `function:${s.name}`);
      s.invokeArn = `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${s.arn}/invocations`;
      s.responseStreamingInvokeArn = s.invokeArn
        .replace("2015-03-31", "2021-11-15")
        .replace(/invocations$/, "response-streaming-invocations");
      s.qualifiedArn = `${s.arn}:1`;
      s.version = "1";
      theId = s.name;
      break;
    case "aws:lambda/functionUrl:FunctionUrl":
      s.functionUrl = `https://${kebab(name)}.lambda-url.${region}.on.aws/`;
      s.urlId = kebab(name);
      break;
    case "aws:apigatewayv2/api:Api":
      s.apiEndpoint = `https://${kebab(name)}.execute-api.${region}.amazonaws.com`;
      s.executionArn = arn("execute-api", kebab(name));
      break;
    case "aws:apigateway/restApi:RestApi":
      theId = kebab(name);
      s.rootResourceId = "root";
      s.executionArn = arn("execute-api", theId);
      s.rootResourceArn = s.executionArn;
      break;
    case "aws:apigateway/stage:Stage":
      s.invokeUrl = `https://${inputs.restApi}.execute-api.${region}.amazonaws.com/${inputs.stageName}`;
      s.executionArn = arn("execute-api", `${inputs.restApi}/${inputs.stageName}`);
      break;
    case "aws:cloudfront/distribution:Distribution":
      s.domainName = `${kebab(name)}.cloudfront.net`;
      s.hostedZoneId = "Z2FDTNDATAQYW2";
      break;
    case "aws:lb/loadBalancer:LoadBalancer":
      s.dnsName = `${kebab(name)}.${region}.elb.amazonaws.com`;
      s.zoneId = "Z000ELB";
      s.arn = arn("elasticloadbalancing", `loadbalancer/app/${s.name}/0123456789abcdef`);
      theId = s.arn;
      break;
    case "aws:lb/targetGroup:TargetGroup":
      s.arn = arn("elasticloadbalancing", `targetgroup/${s.name}/0123456789abcdef`);
      theId = s.arn;
      break;
    case "aws:s3/bucket:Bucket":
    case "aws:s3/bucketV2:BucketV2":
      s.bucketRegionalDomainName = `${rid}.s3.${region}.amazonaws.com`;
      s.bucketDomainName = `${rid}.s3.amazonaws.com`;
      s.arn = `arn:aws:s3:::${rid}`;
      break;
    case "aws:sqs/queue:Queue":
      s.url = `https://sqs.${region}.amazonaws.com/${account}/${s.name}`;
      theId = s.url;
      s.arn = arn("sqs", s.name);
      break;
    case "aws:sns/topic:Topic":
      s.arn = arn("sns", s.name);
      theId = s.arn;
      break;
    case "aws:cloudwatch/logGroup:LogGroup":
      s.arn = arn("logs", `log-group:${s.name}`);
      theId = s.name;
      break;
    case "aws:acm/certificate:Certificate":
      s.domainValidationOptions = [
        inputs.domainName,
        ...(inputs.subjectAlternativeNames ?? []),
      ].map((domainName) => ({
        domainName,
        resourceRecordName: `_synth.${domainName}`,
        resourceRecordType: "CNAME",
        resourceRecordValue: "_synth.acm-validations.aws",
      }));
      break;
    case "aws:secretsmanager/secret:Secret":
      s.arn = arn("secretsmanager", `secret:${s.name}-AbCdEf`);
      theId = s.arn;
      break;
  }
  return { id: theId, state: s };
}

// ---------------------------------------------------------------- child: run the program
async function child(spec) {
  const { root, stage, dev, app, region, account } = spec;
  const ctx = { account, region, builds: [], temp: [], bundles: spec.bundles };
  const server = await rpcServer(root, ctx);
  process.env.SST_SERVER = server.url;
  process.env.SST_AWS_REGION = region;
  process.env.PULUMI_NODEJS_STACK ??= stage;
  const platform = path.join(root, ".sst/platform");
  const lock = JSON.parse(readFileSync(path.join(root, ".sst/provider-lock.json"), "utf8"));
  const req = createRequire(path.join(platform, "package.json"));
  const pulumi = req("@pulumi/pulumi");
  const { MockMonitor } = req("@pulumi/pulumi/runtime/mocks");
  const { runInPulumiStack } = req("@pulumi/pulumi/runtime/stack");
  const { deserializeProperties } = req("@pulumi/pulumi/runtime/rpc");

  // As the engine names things: the whole chain of parent types, without the root stack.
  MockMonitor.prototype.newUrn = (parent, type, name) => {
    const chain = parent ? parent.split("::")[2] : "";
    const qualified = !chain || chain === "pulumi:pulumi:Stack" ? type : `${chain}$${type}`;
    return `urn:pulumi:${stage}::${app.name}::${qualified}::${name}`;
  };
  const byUrn = new Map();
  const resources = [];
  const invokes = [];
  const original = MockMonitor.prototype.registerResource;
  MockMonitor.prototype.registerResource = function (r, cb) {
    return original.call(this, r, (err, res) => {
      if (!err) {
        const entry = {
          urn: res.getUrn(),
          type: r.getType(),
          name: r.getName(),
          parent: r.getParent() || undefined,
          custom: r.getCustom(),
          inputs: plain(deserializeProperties(r.getObject())),
          id: res.getId() || undefined,
          ignoreChanges: r.getIgnorechangesList(),
          protect: r.getProtect() || undefined,
          retainOnDelete: r.getRetainondelete() || undefined,
          deleteBeforeReplace: r.getDeletebeforereplace() || undefined,
          dependsOn: r.getDependenciesList(),
        };
        byUrn.set(entry.urn, entry);
        resources.push(entry);
      }
      cb(err, res);
    });
  };
  const originalOutputs = MockMonitor.prototype.registerResourceOutputs;
  MockMonitor.prototype.registerResourceOutputs = function (r, cb) {
    const e = byUrn.get(r.getUrn());
    if (e) e.outputs = plain(deserializeProperties(r.getOutputs()));
    return originalOutputs.call(this, r, cb);
  };
  await pulumi.runtime.setMocks(
    {
      newResource: (a) => answerResource(ctx, { ...a, inputs: plain(a.inputs) }),
      call: (a) => {
        invokes.push({ token: a.token, inputs: plain(a.inputs) });
        return answerInvoke(ctx, a.token, plain(a.inputs));
      },
    },
    app.name,
    stage,
    false,
    "organization",
  );
  for (const [name, opts] of Object.entries(app.providers))
    for (const [k, v] of Object.entries(opts))
      pulumi.runtime.setConfig(`${name}:${k}`, typeof v === "string" ? v : JSON.stringify(v));

  const outfile = path.join(platform, `synth.${stage}.${process.pid}.${Date.now()}.mjs`);
  const prelude = [
    ...lock.map((l) => `import * as ${l.alias} from ${JSON.stringify(l.package)};`),
    `import * as sst from ${JSON.stringify(path.join(platform, "src/components"))};`,
  ].join(" ");
  await bundler(root).build({
    outfile,
    prelude,
    define: {
      $app: JSON.stringify(app),
      $dev: String(!!dev),
      $cli: JSON.stringify({
        command: dev ? "deploy" : "diff",
        dev: !!dev,
        paths: { home: tmpdir(), root, work: path.join(root, ".sst"), platform },
        state: { version: spec.stateVersions ?? {} },
      }),
    },
    inject: [path.join(platform, "src/shim/run.js")],
    code: `import { run } from ${JSON.stringify(path.join(platform, "src/auto/run.ts"))}; import mod from ${JSON.stringify(path.join(root, "sst.config.ts"))}; export default () => run(mod.run);`,
  });
  const failures = [];
  let fail;
  const failed = new Promise((ok) => (fail = ok)); // one failed apply() leaves others pending for ever: stop at the first
  const onFail = (e) => {
    failures.push(e);
    setTimeout(fail, 200);
  };
  process.on("unhandledRejection", onFail).on("uncaughtException", onFail);
  let outputs;
  try {
    const program = (await import(pathToFileURL(outfile).href)).default;
    const stopped = {};
    const race = (p) => Promise.race([p, failed.then(() => stopped)]);
    const late = setTimeout(
      () =>
        onFail(
          new Error(
            `synth did not come to rest in ${spec.timeoutMs} ms (an Output that never resolves?)`,
          ),
        ),
      spec.timeoutMs,
    );
    const out = await race(runInPulumiStack(program));
    if (out !== stopped) outputs = out;
    // let every registration that hangs off an apply() come to rest
    const settle = pulumi.runtime.waitForRPCs ?? req("@pulumi/pulumi/runtime/settings").waitForRPCs;
    for (let n = -1, calm = 0; calm < 3 && !failures.length; ) {
      await race(settle());
      await new Promise((r) => setTimeout(r, 60));
      calm = n === resources.length ? calm + 1 : 0;
      n = resources.length;
    }
    clearTimeout(late);
  } catch (e) {
    failures.push(e);
  } finally {
    server.close();
    if (!process.env.SST_SYNTH_KEEP) rmSync(outfile, { force: true });
    for (const t of ctx.temp) rmSync(t, { recursive: true, force: true });
  }
  const links = {};
  for (const r of resources)
    if (r.type === "sst:sst:LinkRef" && r.outputs?.target)
      links[r.outputs.target] = {
        properties: r.outputs.properties,
        include: r.outputs.include ?? [],
      };
  writeFileSync(
    spec.result,
    JSON.stringify(
      {
        app,
        stage,
        region,
        account,
        errors: [...new Set(failures.map((e) => e?.stack ?? String(e)))],
        outputs: plain(outputs),
        links,
        builds: ctx.builds,
        invokes,
        resources,
      },
      null,
      1,
    ),
  );
  process.exit(0);

  // secrets unwrapped, assets named, resource references reduced to their URN
  function plain(v, depth = 0) {
    if (v === null || v === undefined || typeof v !== "object" || depth > 40) return v;
    if (Array.isArray(v)) return v.map((x) => plain(x, depth + 1));
    if (pulumi.Output.isInstance(v)) return "<output>";
    if (pulumi.Resource.isInstance?.(v)) return { __urn: "<resource>" };
    if (v instanceof pulumi.asset.FileAsset) return { __file: v.path };
    if (v instanceof pulumi.asset.StringAsset) return { __text: v.text };
    if (v instanceof pulumi.asset.FileArchive) return { __archive: v.path };
    if (v instanceof pulumi.asset.AssetArchive) return { __archive: "assets" };
    if (Object.values(v).includes("1b47061264138c4ac30d75fd1eb44270"))
      return plain(v.value, depth + 1); // Pulumi's secret marker
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x, depth + 1)]));
  }
}

// ---------------------------------------------------------------- parent: the library call
export async function synth(options = {}) {
  const root = path.resolve(options.root ?? ".");
  const stage = options.stage ?? "test";
  ensurePlatform(root, { quiet: options.quiet ?? true });
  const app = await evaluateApp(root, stage);
  const lock = JSON.parse(readFileSync(path.join(root, ".sst/provider-lock.json"), "utf8"));
  const fits = ([name, o]) =>
    lock.some((l) => l.name === name && (!o.version || o.version === l.version));
  if (!Object.entries(app.providers).every(fits))
    ensurePlatform(root, { quiet: options.quiet ?? true, force: true }); // providers changed since
  const region = options.region ?? app.providers.aws?.region ?? "eu-central-1";
  const dir = mkdtempSync(path.join(tmpdir(), "sst-synth-"));
  const result = path.join(dir, "result.json");
  const spec = {
    root,
    stage,
    app,
    region,
    account: options.account ?? "111122223333",
    dev: !!options.dev,
    bundles: options.bundles !== false,
    stateVersions: options.stateVersions,
    timeoutMs: options.timeoutMs ?? 60_000,
    result,
  };
  const secrets = { ...(options.secrets ?? {}) };
  if (options.inventSecrets !== false)
    for (const n of secretNames(root)) secrets[n] ??= `synth-${n}`;
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([k]) => !/^(AWS_|SST_SECRET_|PULUMI_)/.test(k)),
  );
  const proc = spawn(process.execPath, [SELF, "--child", JSON.stringify(spec)], {
    cwd: root,
    stdio: ["ignore", options.quiet === false ? 2 : "pipe", "pipe"],
    env: {
      ...env,
      ...(options.env ?? {}),
      NODE_OPTIONS: "--no-warnings --enable-source-maps",
      PULUMI_TEST_MODE: "true",
      AWS_EC2_METADATA_DISABLED: "true",
      ...Object.fromEntries(Object.entries(secrets).map(([k, v]) => [`SST_SECRET_${k}`, v])),
    },
  });
  let log = "";
  proc.stdout?.on("data", (d) => (log += d));
  proc.stderr?.on("data", (d) => (log += d));
  const code = await new Promise((ok) => proc.on("close", ok));
  if (!existsSync(result))
    throw new Error(`synth of stage "${stage}" died (exit ${code}):\n${log.slice(-4000)}`);
  const s = JSON.parse(readFileSync(result, "utf8"));
  log = log.replace(/The Pulumi runtime detected that[\s\S]*?leaked promises\.\n?/g, ""); // always said when a program stops half way
  rmSync(dir, { recursive: true, force: true });
  s.log = log;
  if (s.errors.length && !options.allowErrors)
    throw new Error(`synth of stage "${stage}" failed:\n${s.errors.join("\n")}`);
  return s;
}
function secretNames(root) {
  const names = new Set();
  const { globSync } = createRequire(path.join(root, ".sst/platform/package.json"))("glob");
  for (const f of globSync(["sst.config.ts", "infra/**/*.ts"], { cwd: root }))
    for (const m of readFileSync(path.join(root, f), "utf8").matchAll(
      /new\s+sst\.Secret\(\s*["'`](\w+)["'`]\s*\)/g,
    ))
      names.add(m[1]);
  return names;
}
const matches = (r, type, name) =>
  r.type === type && (!name || (name instanceof RegExp ? name.test(r.name) : r.name === name));
export const filter = (s, type, name) => s.resources.filter((r) => matches(r, type, name));
export function find(s, type, name) {
  const hits = filter(s, type, name);
  if (hits.length !== 1)
    throw new Error(
      `${hits.length} resources match ${type} ${name ?? ""}: ${hits.map((h) => h.name).join(", ")}`,
    );
  return hits[0];
}
/** All statements of a role's inline policies. */
export const statements = (role) =>
  (role.inputs.inlinePolicies ?? []).flatMap((p) => JSON.parse(p.policy).Statement ?? []);

/** Text of sst-env.d.ts for these links, in the shape that `sst dev` and `sst deploy` write. */
export function envTypes(links) {
  const infer = (v, ind) => {
    if (Array.isArray(v)) return "any";
    if (v !== null && typeof v === "object")
      return `{\n${Object.keys(v)
        .sort()
        .map(
          (k) =>
            `${ind}  ${JSON.stringify(k)}: ${k === "type" && typeof v[k] === "string" && v[k].includes(".") ? JSON.stringify(v[k]) : infer(v[k], `${ind}  `)}\n`,
        )
        .join("")}${ind}}`;
    return { string: "string", number: "number", boolean: "boolean" }[typeof v] ?? "any";
  };
  const body = infer(
    Object.fromEntries(Object.entries(links).map(([k, l]) => [k, l.properties])),
    "  ",
  );
  return `/* This file is auto-generated by SST. Do not edit. */\n/* tslint:disable */\n/* eslint-disable */\n/* deno-fmt-ignore-file */\n/* biome-ignore-all lint: auto-generated */\n\ndeclare module "sst" {\n  export interface Resource ${body}\n}\n\nimport "sst"\nexport {}`;
}

// ---------------------------------------------------------------- command line
if (process.argv[1] && path.resolve(process.argv[1]) === SELF) {
  const argv = process.argv.slice(2);
  if (argv[0] === "--child") await child(JSON.parse(argv[1]));
  const opt = (n, d) => {
    const i = argv.indexOf(`--${n}`);
    return i < 0 ? d : argv[i + 1];
  };
  const pairs = (n) =>
    Object.fromEntries(
      argv.flatMap((a, i) =>
        argv[i - 1] === `--${n}` ? [[a.slice(0, a.indexOf("=")), a.slice(a.indexOf("=") + 1)]] : [],
      ),
    );
  const root = path.resolve(opt("root", "."));
  const version = ensurePlatform(root, { quiet: false });
  if (argv.includes("--install-only")) {
    console.error(`sst ${version}: .sst/platform is in place`);
    process.exit(0);
  }
  const s = await synth({
    root,
    stage: opt("stage", "test"),
    dev: argv.includes("--dev"),
    secrets: pairs("secret"),
    inventSecrets: !argv.includes("--unset-secrets"),
    account: opt("account"),
    region: opt("region"),
    stateVersions: Object.fromEntries(
      Object.entries(pairs("state-version")).map(([k, v]) => [k, Number(v)]),
    ),
    allowErrors: true,
    quiet: true,
  });
  const { log, ...rest } = s;
  const text = JSON.stringify(rest, null, 1);
  const out = opt("out");
  if (out) {
    mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
    writeFileSync(out, text);
  } else if (!argv.includes("--types")) console.log(text);
  if (argv.includes("--types")) writeFileSync(path.join(root, "sst-env.d.ts"), envTypes(s.links));
  if (log.trim()) console.error(log.trim());
  console.error(
    `stage ${s.stage}: ${s.resources.length} resources, ${Object.keys(s.links).length} links, ${s.errors.length} errors`,
  );
  for (const e of s.errors) console.error(e);
  process.exit(s.errors.length ? 1 : 0);
}
