// @ts-check
import { hasCamera, openCamera } from './camera.js';
import { createComparison } from './comparison.js';
import { find } from './dom.js';
import { createErrors } from './errors.js';
import { showFacts } from './facts.js';
import { createFrameRate } from './frame-rate.js';
import { createLoading } from './loading.js';
import { createModelInUse, createModelSwitch, readModels } from './models.js';
import { keepForOffline, offerInstallation } from './offline.js';
import { createProfile } from './profile.js';
import { createResults } from './results.js';
import { listenForPictures } from './sources.js';
import { createStage } from './stage.js';

/** Frames of the camera under way at a time: one that runs, one that is made ready. */
const FRAMES_UNDER_WAY = 2;

async function start() {
  const errors = createErrors(find(document, '#error', HTMLElement));
  const stage = createStage(find(document, '#stage', HTMLElement), 'samples/chelsea.png');
  const results = createResults(find(document, '#results', HTMLElement));
  const loading = createLoading(find(document, '#loading', HTMLElement));
  const facts = find(document, '#facts', HTMLElement);
  const cameraButton = find(document, '#camera', HTMLButtonElement);

  /** The picture on the stage; the camera has none. @type {Blob | undefined} */
  let picture;
  /** @type {{ stop: () => void } | undefined} */
  let camera;
  /** Aborted by whatever takes the place of the picture. */
  let answering = new AbortController();
  /** @type {import('./types.js').ModelEntry | undefined} */
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
    async onReady(classifier, entry) {
      entryInUse = entry;
      modelSwitch.mark(entry);
      // The first run is slow, its code being compiled; it need not be the visitor's.
      classifier.profile().catch(() => undefined);
      const description = await classifier.describe();
      showFacts(facts, description);
      comparison.use(entry, description);
      stage.frame(description.preprocessing);
      profile.renew();
      if (picture) classifyPicture(picture, supersede());
    },
  });
  const profile = createProfile(find(document, '#profile', HTMLDetailsElement), {
    classifier: model.classifier,
    onError: errors.show,
  });

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
      const classification = await classifier.classify(blob, { topK: 5, signal });
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
   * The same picture through all models that are ready, one after the other: each alone is fastest.
   * @param {Blob} blob
   * @param {import('./types.js').Classifier} classifier that has seen it
   * @param {import('./types.js').Classification} classification what it said
   * @param {AbortSignal} signal
   */
  async function compare(blob, classifier, classification, signal) {
    for (const [entry, other] of model.opened()) {
      const answer =
        other === classifier ? classification : await other.classify(blob, { topK: 5, signal });
      if (signal.aborted) return;
      comparison.show(entry, answer);
    }
  }

  /** @returns {() => Promise<void>} classifies the frame that the camera shows */
  function createFrameClassifier() {
    const rate = createFrameRate();
    let underWay = 0;
    return async () => {
      if (underWay >= FRAMES_UNDER_WAY || profile.isMeasuring()) return;
      underWay++;
      const classifier = await model.classifier().catch(() => undefined);
      try {
        const classification = await classifier?.classify(stage.video, { topK: 5 });
        if (camera && classification) results.showFrame(classification, rate.tick());
      } catch (error) {
        // A frame that the camera or the model did not live to see is no error.
        if (camera && classifier === (await model.classifier())) errors.show(error);
      } finally {
        underWay--;
      }
    };
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
        onFrame: createFrameClassifier(),
        onEnd: leaveCamera,
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
  listenForPictures(showPicture, errors.show);
  offerInstallation();

  const [kept, models] = await Promise.all([keepForOffline(), readModels()]);
  const modelSwitch = createModelSwitch(
    find(document, '#models', HTMLFormElement),
    models,
    (entry) => model.use(entry, kept),
  );
  const comparison = createComparison(find(document, '#comparison', HTMLElement), models);
  await model.use(models[0], kept);
  if (kept && entryInUse) {
    find(document, '#offline', HTMLElement).textContent =
      'Everything runs on this device, and works offline from now on.';
  }
}

start().catch((error) => createErrors(find(document, '#error', HTMLElement)).show(error));
