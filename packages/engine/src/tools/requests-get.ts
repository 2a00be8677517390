import { queryRequest } from "./query-request.ts";

export const requestsGet = queryRequest({
  component: "requestsGet",
  label: "Requests Get",
  method: "GET",
  name: "requests_get",
  description: "Calls a URL with GET. Use it to read data from a web address.",
});
