// @ts-check
import { hasCamera, openCamera } from './camera.js';
import { createComparison } from './comparison.js';
import { find } from './dom.js';
import { createErrors } from './errors.js';
import { showFacts } from './facts.js';
import { createLayers } from './layers.js';
import { watch } from './live.js';
import { createLoading } from './loading.js';
import { createModelInUse, createModelSwitch, readModels } from './models.js';
import { keepForOffline, keepParts, offerInstallation } from './offline.js';
import { createProfile } from './profile.js';
import { createResults } from './results.js';
import { listenForFiles } from './sources.js';
import { createStage } from './stage.js';
import { listenForTabs } from './tabs.js';

/** @typedef {import('./types.js').ModelEntry} ModelEntry */

async function start() {
  const errors = createErrors(find(document, '#error', HTMLElement));
  const stage = createStage(find(document, '#stage', HTMLElement), 'samples/chelsea.png');
  const results = createResults(find(document, '#results', HTMLElement));
  const loading = createLoading(find(document, '#loading', HTMLElement));
  const facts = find(document, '#facts', HTMLElement);
  const conversion = find(document, '#conversion', HTMLElement);
  const cameraButton = find(document, '#camera', HTMLButtonElement);

  /** The picture on the stage; the camera has none. @type {Blob | undefined} */
  let picture;
  /** @type {{ stop: () => void } | undefined} */
  let camera;
  /** @type {ReturnType<typeof watch> | undefined} */
  let watching;
  /** Aborted by whatever takes the place of the picture. */
  let answering = new AbortController();
  /** @type {ModelEntry | undefined} */
  let entryInUse;

  const model = createModelInUse({
    onBegin() {
      errors.clear();
      loading.begin();
    },
    onProgress: loading.show,
    onEnd: loading.end,
    onError(error) {
      modelSwitch.mark(entryInUse);
      errors.show(error);
    },
    onReady(classifier, entry) {
      entryInUse = entry;
      if (entry.topic === 'own') offerOwn(entry);
      modelSwitch.mark(entry);
      // The first run is slow, its code being compiled; it need not be the visitor's.
      classifier.profile().catch(() => undefined);
      const description = classifier.describe();
      showFacts(facts, description);
      conversion.hidden = entry.topic !== 'own';
      conversion.textContent = entry.note;
      comparison.use(entry, description);
      showSamples(entry.topic);
      stage.frame(description.preprocessing);
      layers.use(entry);
      profile.renew();
      watching?.renew();
      if (picture) classifyPicture(picture, supersede());
    },
  });
  const profile = createProfile(find(document, '#profile', HTMLDetailsElement), {
    classifier: model.classifier,
    onError: errors.show,
  });
  const layers = createLayers(find(document, '#layers', HTMLDetailsElement), errors.show);

  function supersede() {
    answering.abort();
    answering = new AbortController();
    return answering.signal;
  }

  /**
   * @param {Blob} blob
   * @param {string} name
   */
  async function showPicture(blob, name) {
    location.hash = '';
    const signal = supersede();
    errors.clear();
    try {
      await stage.showPicture(blob, name, signal);
      if (signal.aborted) return;
      picture = blob;
      comparison.clear();
      stopCamera();
      await classifyPicture(blob, signal);
    } catch (error) {
      errors.show(error);
    }
  }

  /**
   * @param {Blob} blob
   * @param {AbortSignal} signal
   */
  async function classifyPicture(blob, signal) {
    results.setBusy(true);
    try {
      const classifier = await model.classifier();
      const classification = await classifier.classify(blob, { signal });
      if (signal.aborted) return;
      results.show(classification);
      await compare(blob, classifier, classification, signal);
    } catch (error) {
      if (signal.aborted) return;
      results.clear();
      errors.show(error);
    } finally {
      if (!signal.aborted) {
        results.setBusy(false);
        stage.reveal();
      }
    }
  }

  /**
   * The same picture through all models of the topic that are ready, one after the other: each alone
   * is fastest.
   * @param {Blob} blob
   * @param {import('./types.js').Classifier} classifier that has seen it
   * @param {import('./types.js').Classification} classification what it said
   * @param {AbortSignal} signal
   */
  async function compare(blob, classifier, classification, signal) {
    for (const [entry, other] of model.opened()) {
      if (entry.topic !== entryInUse?.topic) continue;
      const answer = other === classifier ? classification : await other.classify(blob, { signal });
      if (signal.aborted) return;
      comparison.show(entry, answer);
    }
  }

  /**
   * Makes a model file the one in use, unless it is broken.
   * @param {File} file
   */
  async function showModel(file) {
    location.hash = '';
    loading.begin();
    try {
      const { readOwnModel, conversionText } = await import('./own-model.js');
      const { bytes, report } = await readOwnModel(file);
      await useOwn(bytes, file.name, report ? conversionText(report) : `From ${file.name}.`);
    } catch (error) {
      errors.show(error);
      loading.end();
    }
  }

  /**
   * @param {Uint8Array} bytes
   * @param {string} name
   * @param {string} note
   */
  async function useOwn(bytes, name, note) {
    await model.use({ name, url: '', note, topic: 'own', bytes }, false);
  }

  /** @param {ModelEntry} entry */
  function offerOwn(entry) {
    const before = modelSwitch.offerOwn(entry);
    if (before !== undefined) model.forget(before);
  }

  async function startCamera() {
    errors.clear();
    cameraButton.disabled = true;
    try {
      camera = await openCamera(stage.video, {
        onOpen() {
          supersede();
          picture = undefined;
          comparison.clear();
          stage.showCamera();
          results.clear();
        },
        onEnd: leaveCamera,
      });
      watching = watch(stage.video, {
        classifier: model.classifier,
        idle: profile.idle,
        onFrame: results.showFrame,
        onError: errors.show,
      });
    } catch (error) {
      if (!picture) stage.showEmpty();
      errors.show(error);
    } finally {
      cameraButton.disabled = false;
      markCamera();
    }
  }

  function stopCamera() {
    watching?.stop();
    watching = undefined;
    camera?.stop();
    camera = undefined;
    markCamera();
  }

  function leaveCamera() {
    stopCamera();
    stage.showEmpty();
    results.clear();
  }

  function markCamera() {
    cameraButton.classList.toggle('active', camera !== undefined);
    cameraButton.textContent = camera ? 'Stop camera' : 'Use camera';
  }

  cameraButton.hidden = !hasCamera();
  cameraButton.addEventListener('click', () => (camera ? leaveCamera() : startCamera()));
  window.addEventListener('pagehide', () => camera && leaveCamera());
  listenForFiles({ onPicture: showPicture, onModel: showModel, onError: errors.show });
  offerInstallation();

  const opening = Promise.all([keepForOffline(), readModels()]);
  const teachPanel = find(document, '#teach', HTMLElement);
  /** @type {Promise<{ leave: () => void }> | undefined} */
  let teaching;
  async function teach() {
    const [[kept, [base]], { openTeach }] = await Promise.all([
      opening,
      import('./teach/teach.js'),
    ]);
    return openTeach(teachPanel, { base, kept, onUse: useTaught, onError: errors.show });
  }
  listenForTabs([find(document, '#classify', HTMLElement), teachPanel], (name) => {
    errors.clear();
    if (name !== 'teach') {
      teaching?.then(({ leave }) => leave());
      return;
    }
    if (camera) leaveCamera();
    teaching ??= teach();
    teaching.catch((error) => {
      teaching = undefined;
      errors.show(error);
    });
  });

  /**
   * @param {Uint8Array} bytes
   * @param {string} name
   */
  async function useTaught(bytes, name) {
    location.hash = '';
    await useOwn(bytes, name, 'Taught in this page.');
  }

  const [kept, models] = await opening;
  const modelSwitch = createModelSwitch(
    find(document, '#models', HTMLFormElement),
    models,
    (entry) => model.use(entry, kept),
  );
  const comparison = createComparison(find(document, '#comparison', HTMLElement), models);
  await model.use(models[0], kept);
  if (kept && entryInUse) {
    const footer = find(document, '#offline', HTMLElement);
    footer.textContent = 'Everything runs on this device, and works offline from now on.';
    keepParts(() => {
      footer.textContent =
        'Everything runs on this device, and works offline from now on, Teach and Bench too.';
    });
  }
}

/** @param {string} topic whose sample pictures are offered */
function showSamples(topic) {
  for (const group of document.querySelectorAll('.samples')) {
    if (!(group instanceof HTMLFieldSetElement)) continue;
    group.hidden = group.dataset.topic !== (topic === 'signs' ? 'signs' : 'things');
  }
}

start().catch((error) => createErrors(find(document, '#error', HTMLElement)).show(error));
