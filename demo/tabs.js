// @ts-check

/**
 * The parts of the page, by the fragment of its address; the first one without.
 * @param {readonly HTMLElement[]} panels each with the name of a part as its `id`
 * @param {(name: string) => void} onChange told of each part that is opened
 */
export function listenForTabs(panels, onChange) {
  const links = [...document.querySelectorAll('.tabs a')];
  function open() {
    const shown = panels.find(({ id }) => `#${id}` === location.hash) ?? panels[0];
    for (const panel of panels) panel.hidden = panel !== shown;
    for (const link of links) {
      if (link.getAttribute('href') === `#${shown?.id}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.body.dataset.tab = shown?.id ?? '';
    scrollTo(0, 0);
    onChange(shown?.id ?? '');
  }
  window.addEventListener('hashchange', open);
  open();
}
