/** Leaves what came of a run where a driver finds it, and tells the server, for browsers without one. */
export async function tell(running) {
  const outcome = await running.catch((error) => ({ error: error.stack ?? String(error) }));
  globalThis.outcome = outcome;
  const query = encodeURIComponent(JSON.stringify(outcome));
  if (new URLSearchParams(location.search).has('tell')) await fetch(`/outcome?${query}`);
}
