import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loaded, loaderInputs } from "../../chatflow/loader-inputs.ts";
import { uploadedFiles } from "../../retrieval/uploaded-file.ts";

/** Uploaded text files. */
export const textFile = defineChatNode({
  name: "textFile",
  inputs: z.object({ txtFile: z.unknown().optional(), ...loaderInputs }),
  init(inputs, context) {
    const documents = uploadedFiles(inputs.txtFile).map(({ bytes }) => ({
      pageContent: bytes.toString("utf8"),
      metadata: { source: "blob", blobType: "" },
    }));
    return loaded(documents, inputs, context);
  },
});
