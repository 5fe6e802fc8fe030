/**
 * What the server has instead of a kept response, where that is not the same: fetched by pages that set
 * `revalidate`.
 * @throws TypeError where the server cannot be reached
 */
export async function changed(
  kept: Response,
  address: string,
  signal: AbortSignal | undefined,
): Promise<Response | undefined> {
  const etag = kept.headers.get('etag');
  const isOwn = new URL(address).origin === globalThis.location?.origin;
  // Other origins would have to allow the header: there the browser's own cache asks.
  const request: RequestInit =
    etag && isOwn ? { headers: { 'if-none-match': etag } } : { cache: 'no-cache' };
  const response = await fetch(address, { ...request, signal: signal ?? null });
  return response.ok ? response : undefined;
}
