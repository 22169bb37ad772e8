/**
 * Calls of the site's API. Every failure is one ApiError whose `kind` says what to do about it:
 * `away` (no answer: try again later), `login` (the session is over), `refused` (the request itself is wrong).
 */

/** Longer than any answer of a server that is well. */
const PATIENCE = 20_000;

export class ApiError extends Error {
  /** @param {"away" | "login" | "refused"} kind @param {string} message a sentence @param {string} code */
  constructor(kind, message, code = "") {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** Codes of a 401 or 403 that a new login mends; a 403 about a token does not mean that. */
const LOGIN_CODES = new Set(["not_authenticated", "authentication_failed", "permission_denied"]);

/**
 * @param {string} url @param {object} [body] POST as JSON; without one, GET
 * @returns {Promise<any>} the reply's JSON, null for 204 @throws {ApiError}
 */
export async function call(url, body) {
  const response = await answered(url, {
    redirect: "manual",
    method: body === undefined ? "GET" : "POST",
    headers: body === undefined ? {} : { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 204) return null;
  // Cut off in the middle, or somebody else's page (a hotel's login, a proxy): no answer, so it is asked for again.
  return cut(response.json());
}

/** @param {string} url @returns {Promise<Blob>} the whole file @throws {ApiError} */
export async function download(url) {
  const response = await answered(url, {});
  // A page instead of the file: the login, to which files redirect.
  if (response.headers.get("Content-Type")?.startsWith("text/html")) throw loggedOut();
  return cut(response.blob());
}

/** Have a picture in the browser's cache, decoded. @param {string} url */
export function warm(url) {
  const image = new Image();
  image.src = url;
  image.decode().catch(() => {});
}

/** @param {string} url @param {RequestInit} init */
async function answered(url, init) {
  const response = await cut(
    fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE), ...init }),
  );
  if (response.ok) return response;
  throw await refusal(response);
}

/** @template T @param {Promise<T>} promise @returns {Promise<T>} with a network's failure as an ApiError */
async function cut(promise) {
  try {
    return await promise;
  } catch (error) {
    throw new ApiError("away", navigator.onLine ? "The server does not answer." : "You are offline.", "away");
  }
}

/** @param {Response} response */
async function refusal(response) {
  if (response.type === "opaqueredirect") return loggedOut();
  const { error } = await response.json().catch(() => ({ error: null }));
  const { code = "", message = "" } = error ?? {};
  if (response.status === 401 || (response.status === 403 && LOGIN_CODES.has(code || "permission_denied"))) {
    return loggedOut();
  }
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    return new ApiError("away", "The server has trouble. Trying again.", code);
  }
  return new ApiError("refused", message || `The server refused this (${response.status}).`, code);
}

function loggedOut() {
  return new ApiError("login", "You are logged out.", "not_authenticated");
}

/** From the cookie, since a login in another tab changes it. */
function csrfToken() {
  const pair = document.cookie.split("; ").find((text) => text.startsWith("csrftoken="));
  return pair?.slice("csrftoken=".length) ?? document.querySelector("#workbench")?.getAttribute("data-csrf") ?? "";
}
