const verbs = {
  chatflows: "view create update duplicate delete export import config domains",
  agentflows: "view create update duplicate delete export import config domains",
  tools: "view create update delete export",
  assistants: "view create update delete",
  variables: "view create update delete",
  apikeys: "view create update delete",
  credentials: "view create update delete share",
  documentStores:
    "view create update delete add-loader delete-loader preview-process upsert-config",
  executions: "view update delete",
  templates: "marketplace custom custom-delete toolexport flowexport custom-share",
  datasets: "view create update delete",
  evaluators: "view create update delete",
  evaluations: "view create update delete run",
};

/** All that an API key may be allowed, as `area:verb`. */
export const keyPermissions: string[] = Object.entries(verbs).flatMap(([area, names]) =>
  names.split(" ").map((verb) => `${area}:${verb}`),
);

/** These belong to people who log in, not to keys. */
export const isKeyPermission = (text: string): boolean => !/^(workspace|admin):/.test(text);
