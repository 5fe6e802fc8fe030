// @ts-check
import { find } from './dom.js';

/** Milliseconds to wait for the service worker before the page goes on without it. */
const PATIENCE = 3000;

/** Milliseconds before what is not used yet is fetched. */
const PARTS_DELAY = 5000;

/**
 * Starts the service worker that keeps the page for offline use, and waits until it sees what the
 * page fetches, so that the very first visit is kept, too.
 * @returns {Promise<boolean>} whether it does
 */
export async function keepForOffline() {
  if (!isSecureContext || !('serviceWorker' in navigator)) return false;
  const { serviceWorker } = navigator;
  const controlled = new Promise((resolve) => {
    if (serviceWorker.controller) resolve(true);
    serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true });
    setTimeout(resolve, PATIENCE, false);
  });
  try {
    await serviceWorker.register('sw.js');
  } catch {
    return false;
  }
  return controlled;
}

/**
 * Has the service worker keep the other parts of the page, too, when this one has been used a while.
 * @param {() => void} kept is called when it has them all
 */
export function keepParts(kept) {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener('message', ({ data }) => {
    if (data === 'parts-kept') kept();
  });
  serviceWorker.startMessages();
  setTimeout(() => serviceWorker.controller?.postMessage('keep-parts'), PARTS_DELAY);
}

/** Offers to install the page as an app, where the browser has that. */
export function offerInstallation() {
  const button = find(document, '#install', HTMLButtonElement);
  /** @type {(Event & { prompt(): Promise<unknown> }) | undefined} */
  let offer;
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    offer = /** @type {typeof offer} */ (event);
    button.hidden = false;
  });
  window.addEventListener('appinstalled', () => {
    button.hidden = true;
  });
  button.addEventListener('click', async () => {
    button.hidden = true;
    await offer?.prompt();
  });
}
