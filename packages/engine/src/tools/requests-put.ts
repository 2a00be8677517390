import { bodyRequest } from "./body-request.ts";

export const requestsPut = bodyRequest({
  component: "requestsPut",
  label: "Requests Put",
  method: "PUT",
  name: "requests_put",
  description: "Calls a URL with PUT. Use it to update or replace a resource.",
});
