import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** A port that is free. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Runs what is done while a server is up, and ends the server with all that it started.
 * @param ready what the server prints when it is
 */
export async function whileServing<T>(
  [file, ...args]: readonly [string, ...string[]],
  cwd: string,
  ready: RegExp,
  act: () => Promise<T>,
): Promise<T> {
  // A group of its own, so that its children end with it.
  const server = spawn(file, args, { cwd, detached: true, env: { ...process.env, ...QUIET } });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  try {
    await printed(server, ready);
    return await act();
  } finally {
    if (server.exitCode === null) process.kill(-server.pid!, 'SIGTERM');
    await ended;
  }
}

/** Neither Next.js nor Wrangler is to call home. */
const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

export const quietly = { ...process.env, ...QUIET };

function printed(server: ChildProcess, ready: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (part: Buffer) => {
      text += part;
      if (ready.test(text)) resolve();
    };
    server.stdout!.on('data', take);
    server.stderr!.on('data', take);
    server.once('error', reject);
    server.once('close', () => reject(new Error(`the server ended: ${text}`)));
  });
}
