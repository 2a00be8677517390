const remedies: Record<string, string> = {
  customMcpServerTool:
    "servers registered in Flowise are not kept here: give the server's address and headers to a Custom MCP tool instead",
};

/** The name of a component that we do not have, with what to do in its place where there is something. */
export function withRemedy(name: string): string {
  const remedy = Object.hasOwn(remedies, name) ? remedies[name] : undefined;
  return remedy ? `${name} (${remedy})` : name;
}
