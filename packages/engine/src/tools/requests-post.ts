import { bodyRequest } from "./body-request.ts";

export const requestsPost = bodyRequest({
  component: "requestsPost",
  label: "Requests Post",
  method: "POST",
  name: "requests_post",
  description: "Calls a URL with POST. Use it to create or update a resource.",
});
