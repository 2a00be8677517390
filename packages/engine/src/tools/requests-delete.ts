import { queryRequest } from "./query-request.ts";

export const requestsDelete = queryRequest({
  component: "requestsDelete",
  label: "Requests Delete",
  method: "DELETE",
  name: "requests_delete",
  description: "Calls a URL with DELETE. Use it to remove a resource.",
});
