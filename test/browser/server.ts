import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

const ROOT = new URL('../../', import.meta.url);

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
};

const STRICT_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' blob:";

export interface TestServer {
  /** Without a slash at its end. */
  readonly origin: string;
  /** Paths asked for so far. */
  readonly requests: string[];
  /** Answers in place of files, by path; `undefined` closes the connection without an answer. */
  readonly answers: Map<string, ((response: ServerResponse) => void) | undefined>;
  close(): Promise<void>;
}

/**
 * Serves a folder, the repository by default, under a strict Content-Security-Policy; `?no-wasm`
 * takes WebAssembly out of it.
 * @param isolated whether its pages are cross-origin isolated, and so may share memory
 */
export async function startServer(root: URL = ROOT, isolated = false): Promise<TestServer> {
  const requests: string[] = [];
  const answers: TestServer['answers'] = new Map();
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url!, 'http://localhost');
    requests.push(pathname);
    const policy =
      search === '?no-wasm' ? STRICT_POLICY.replace(" 'wasm-unsafe-eval'", '') : STRICT_POLICY;
    response.setHeader('content-security-policy', policy);
    response.setHeader('cache-control', 'no-store');
    if (isolated) {
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
    }
    if (answers.has(pathname)) {
      const answer = answers.get(pathname);
      if (answer === undefined) request.socket.destroy();
      else answer(response);
      return;
    }
    try {
      const content = await readFile(new URL(`.${pathname}`, root));
      response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream');
      response.setHeader('content-length', content.length);
      response.end(content);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
