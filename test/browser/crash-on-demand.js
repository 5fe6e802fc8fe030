// After the message 'crash', every further message throws and goes no further.
let armed = false;

globalThis.addEventListener('message', (event) => {
  if (armed) {
    event.stopImmediatePropagation();
    throw new Error('crashed on demand');
  }
  armed = event.data === 'crash';
  if (armed) event.stopImmediatePropagation();
});
