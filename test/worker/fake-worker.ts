import type { Reply, Request } from '../../src/worker/protocol.ts';
import { serve } from '../../src/worker/serve.ts';

/** A worker that a test answers for: it keeps what is posted to it. */
export class FakeWorker extends EventTarget {
  readonly posted: Request[] = [];
  terminated = false;

  postMessage(request: Request, transfer: Transferable[]): void {
    this.posted.push(structuredClone(request, { transfer } as StructuredSerializeOptions));
  }

  reply(reply: Reply): void {
    this.dispatchEvent(new MessageEvent('message', { data: structuredClone(reply) }));
  }

  /** As a browser tells of an exception in the worker, or of a script that cannot be loaded. */
  fail(message?: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }

  terminate(): void {
    this.terminated = true;
  }

  asWorker(): Worker {
    return this as unknown as Worker;
  }
}

/** A worker whose other end is the package's own, on the same thread. */
export class ServedWorker extends FakeWorker {
  readonly #inner = new EventTarget();

  constructor() {
    super();
    serve(
      {
        postMessage: (reply) => {
          if (!this.terminated) queueMicrotask(() => this.reply(reply));
        },
        addEventListener: (type, listener) =>
          this.#inner.addEventListener(type, listener as EventListener),
      },
      () => Promise.reject(new Error('no threads here')),
      () => import('../../src/kernels/uncommon.ts'),
    );
  }

  override postMessage(request: Request, transfer: Transferable[]): void {
    super.postMessage(request, transfer);
    const data = this.posted.at(-1);
    queueMicrotask(() => this.#inner.dispatchEvent(new MessageEvent('message', { data })));
  }
}
