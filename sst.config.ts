/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app({ stage }) {
    const production = stage === "production";
    return {
      name: "sluice",
      home: "aws",
      version: "4.17.1",
      removal: production ? "retain" : "remove",
      protect: production,
    };
  },
  async run() {
    const { deploy } = await import("./infra/deploy.ts");
    return deploy();
  },
});
