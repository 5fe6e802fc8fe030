// @ts-check
import { hasCamera, openCamera } from '../camera.js';
import { find, html } from '../dom.js';
import { bytes as inBytes, percent } from '../format.js';
import { watch } from '../live.js';
import { openModel, readModelBytes } from '../models.js';
import { createCard, thumbnailOf } from './card.js';
import { createTrainer } from './trainer.js';
import { createVerdict } from './verdict.js';

/**
 * @typedef {import('../types.js').Classification} Classification
 * @typedef {import('../types.js').Classifier} Classifier
 * @typedef {import('../types.js').ModelEntry} ModelEntry
 */

/** Milliseconds between two pictures of a class while its button is held. */
const LOOK_PACE = 120;

/** Milliseconds that the lessons have to stand still before they are learnt. */
const PATIENCE = 250;

/**
 * Fills the part of the page that teaches a model of the visitor's own classes.
 * @param {HTMLElement} panel
 * @param {object} options
 * @param {ModelEntry} options.base whose features it learns from
 * @param {boolean} options.kept whether a service worker keeps what is fetched
 * @param {(bytes: Uint8Array, name: string) => void} options.onUse the model is to be used elsewhere
 * @param {(error: unknown) => void} options.onError
 */
export async function openTeach(panel, { base, kept, onUse, onError }) {
  await fill(panel);
  const [looker, baseBytes] = await Promise.all([
    openModel(base, { queue: 'all', cache: !kept }),
    readModelBytes(base),
  ]);
  const stage = find(panel, '.teach-stage', HTMLElement);
  const video = find(stage, 'video', HTMLVideoElement);
  const shown = find(stage, 'img', HTMLImageElement);
  const cards = find(panel, '.cards', HTMLOListElement);
  const remark = find(panel, '.remark', HTMLElement);
  const shares = find(panel, '.shares', HTMLOListElement);
  const verdict = createVerdict(find(panel, '.verdict', HTMLElement));
  const cameraButton = find(panel, '.teach-camera', HTMLButtonElement);
  const save = find(panel, '.save', HTMLFormElement);
  const nameInput = find(save, 'input', HTMLInputElement);

  /** @type {ReturnType<typeof createCard>[]} */
  let classes = [];
  /** Classes so far: no two begin with one name. */
  let named = 0;
  /** @type {{ bytes: Uint8Array, labels: string[] } | undefined} */
  let taught;
  /** What tries the taught model. @type {Promise<Classifier> | undefined} */
  let trial;
  /** @type {{ stop: () => void } | undefined} */
  let camera;
  /** @type {ReturnType<typeof watch> | undefined} */
  let watching;
  /** @type {Blob | undefined} */
  let picture;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  const trainer = createTrainer((report, lesson) => {
    switch (report.type) {
      case 'taught':
        remark.textContent = `Learnt by ${report.method}; checking`;
        take(report.bytes, lesson.labels);
        return;
      case 'checking':
        remark.textContent = `Checking: ${percent(report.share)}`;
        return;
      case 'checked':
        remark.textContent = '';
        if (taught) taught.bytes = report.bytes;
        verdict.show(lesson, report);
        showSize();
        return;
      case 'failed':
        onError(new Error(report.error));
    }
  });

  function change() {
    clearTimeout(waiting);
    waiting = setTimeout(learn, PATIENCE);
  }

  function learn() {
    const seen = classes.filter((card) => card.examples().length > 0);
    const labels = seen.map((card) => card.name());
    trainer.stop();
    verdict.clear();
    if (seen.length < 2) {
      remark.textContent = 'Two classes with a picture each are the least.';
      return;
    }
    const twice = labels.find((label, i) => labels.indexOf(label) < i);
    if (twice !== undefined) {
      remark.textContent = `Two classes are named ${twice}.`;
      return;
    }
    remark.textContent = 'Learning';
    const lessons = {
      features: seen.flatMap((card) => card.examples().map(({ features }) => features)),
      classes: seen.flatMap((card, index) => card.examples().map(() => index)),
      classCount: seen.length,
    };
    trainer.teach({ base: baseBytes, lessons, labels, name: nameInput.value || 'my-model' });
  }

  /**
   * Tries a model from now on.
   * @param {Uint8Array} bytes
   * @param {string[]} labels
   */
  function take(bytes, labels) {
    taught = { bytes, labels };
    save.hidden = false;
    showSize();
    const before = trial;
    trial = openModel({ ...base, bytes }, {});
    trial.then(async () => {
      if (camera) follow();
      else if (picture) await tryPicture(picture);
      (await before)?.dispose();
    }, onError);
  }

  function showSize() {
    const { bytes } = taught ?? {};
    if (bytes)
      find(save, '.size', HTMLElement).textContent =
        `${inBytes(bytes.length)}: the layers of ${base.name}, and a last one of your own`;
  }

  function follow() {
    if (watching) {
      watching.renew();
      return;
    }
    if (!trial) return;
    const classifier = () => /** @type {Promise<Classifier>} */ (trial);
    const idle = async () => undefined;
    watching = watch(video, { classifier, idle, onFrame: showShares, onError }, { topK: 'all' });
  }

  /** @param {Classification} classification */
  function showShares({ predictions }) {
    const byLabel = new Map(predictions.map(({ label, score }) => [label, score]));
    const best = predictions[0]?.label;
    shares.replaceChildren(
      ...(taught?.labels ?? []).map((label) => {
        const score = byLabel.get(label) ?? 0;
        const bar = html('span', { class: 'bar', 'aria-hidden': 'true' });
        bar.style.setProperty('--share', String(score));
        return html(
          'li',
          { class: label === best ? 'share-row best' : 'share-row' },
          html('span', { class: 'label' }, label),
          html('span', { class: 'score' }, percent(score)),
          bar,
        );
      }),
    );
  }

  /** @param {Blob} blob */
  async function tryPicture(blob) {
    try {
      picture = blob;
      stopCamera();
      URL.revokeObjectURL(shown.src);
      shown.src = URL.createObjectURL(blob);
      setMode('picture');
      const classifier = await trial;
      if (classifier) showShares(await classifier.classify(blob, { topK: 'all' }));
    } catch (error) {
      onError(error);
    }
  }

  /** @param {'empty' | 'picture' | 'camera'} mode */
  function setMode(mode) {
    stage.dataset.mode = mode;
    shown.hidden = mode !== 'picture';
    video.hidden = mode !== 'camera';
    find(stage, '.prompt', HTMLElement).hidden = mode !== 'empty';
    cameraButton.classList.toggle('active', mode === 'camera');
    cameraButton.textContent = mode === 'camera' ? 'Stop camera' : 'Use camera';
  }

  async function startCamera() {
    cameraButton.disabled = true;
    try {
      camera ??= await openCamera(video, { onOpen: () => setMode('camera'), onEnd: stopCamera });
      picture = undefined;
      follow();
    } finally {
      cameraButton.disabled = false;
    }
  }

  function stopCamera() {
    watching?.stop();
    watching = undefined;
    camera?.stop();
    camera = undefined;
    setMode('empty');
  }

  /**
   * Pictures of the camera, for as long as the button is held.
   * @param {ReturnType<typeof createCard>} card
   * @param {() => boolean} isHeld
   */
  async function look(card, isHeld) {
    try {
      await startCamera();
      while (isHeld() && camera) {
        const thumbnail = thumbnailOf(video);
        card.add({ features: await looker.embed(video), thumbnail });
        await new Promise((resolve) => setTimeout(resolve, LOOK_PACE));
      }
    } catch (error) {
      onError(error);
    }
  }

  /**
   * @param {ReturnType<typeof createCard>} card
   * @param {File[]} files
   */
  async function read(card, files) {
    for (const file of files) {
      try {
        const features = await looker.embed(file);
        const bitmap = await createImageBitmap(file);
        card.add({ features, thumbnail: thumbnailOf(bitmap) });
        bitmap.close();
      } catch (error) {
        onError(error);
      }
    }
  }

  function addClass() {
    const card = createCard(`Class ${++named}`, {
      onHold: (isHeld) => look(card, isHeld),
      onFiles: (files) => read(card, files),
      onChange: change,
      onRemove() {
        classes = classes.filter((other) => other !== card);
        card.element.remove();
        change();
      },
    });
    classes.push(card);
    cards.append(card.element);
  }

  find(panel, '.add-class', HTMLButtonElement).addEventListener('click', addClass);
  cameraButton.hidden = !hasCamera();
  cameraButton.addEventListener('click', () => {
    if (camera) stopCamera();
    else startCamera().catch(onError);
  });
  const chooser = find(panel, '.try input[type=file]', HTMLInputElement);
  find(panel, '.try-picture', HTMLButtonElement).addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => {
    const [file] = chooser.files ?? [];
    if (file) tryPicture(file);
    chooser.value = '';
  });
  nameInput.addEventListener('change', change);
  save.addEventListener('submit', (event) => {
    event.preventDefault();
    if (taught) download(taught.bytes, `${nameInput.value}.safetensors`);
  });
  find(save, '.use', HTMLButtonElement).addEventListener('click', () => {
    if (taught) onUse(taught.bytes, nameInput.value);
  });
  addClass();
  addClass();

  return {
    /** Another part of the page is opened. */
    leave() {
      if (camera) stopCamera();
    },
  };
}

/** @param {HTMLElement} panel */
async function fill(panel) {
  const style = html('link', {
    rel: 'stylesheet',
    href: new URL('teach.css', import.meta.url).href,
  });
  const styled = new Promise((resolve, reject) => {
    style.addEventListener('load', resolve);
    style.addEventListener('error', () => reject(new Error('teach.css cannot be fetched')));
  });
  document.head.append(style);
  const response = await fetch(new URL('teach.html', import.meta.url));
  if (!response.ok) throw new Error(`teach.html cannot be fetched: HTTP ${response.status}`);
  const content = await response.text();
  await styled;
  panel.innerHTML = content;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} name
 */
function download(bytes, name) {
  const address = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)]));
  html('a', { href: address, download: name }).click();
  // The download may not have begun yet.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
