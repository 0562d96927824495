/** The name under which the tab's storage keeps the token, for all pages of the balancer. */
export const TOKEN_KEY = "ringkeeper.token";
