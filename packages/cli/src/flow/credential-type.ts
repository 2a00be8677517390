/** Which credential a component wants, by Flowise's names; what an export no longer says of embedded ones. */
export const credentialTypes: Record<string, string> = {
  azureChatOpenAI: "azureOpenAIApi",
  azureOpenAIEmbeddings: "azureOpenAIApi",
  braveSearchAPI: "braveSearchApi",
  chatAnthropic: "anthropicApi",
  chatGoogleGenerativeAI: "googleGenerativeAI",
  chatMistralAI: "mistralAIApi",
  chatOpenAI: "openAIApi",
  googleCustomSearch: "googleCustomSearchApi",
  googleGenerativeAiEmbeddings: "googleGenerativeAI",
  groqChat: "groqApi",
  mistralAIEmbeddings: "mistralAIApi",
  openAIEmbeddings: "openAIApi",
  pinecone: "pineconeApi",
  serpAPI: "serpApi",
};
