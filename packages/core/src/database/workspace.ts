/** Flowise's rows name the workspace they belong to. There is one here. */
export const workspaceId = "5a1c0f6e-3d2b-4f0a-9b57-0d6c2e8f4a11";
