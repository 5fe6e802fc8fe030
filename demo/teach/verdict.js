// @ts-check
import { find, html } from '../dom.js';
import { percent } from '../format.js';

/**
 * How good the taught model is: how many pictures are right that were left out, and what is taken for
 * what.
 * @param {HTMLElement} root
 */
export function createVerdict(root) {
  const accuracy = find(root, '.accuracy', HTMLElement);
  const head = find(root, 'thead', HTMLTableSectionElement);
  const body = find(root, 'tbody', HTMLTableSectionElement);
  return {
    clear() {
      root.hidden = true;
    },

    /**
     * @param {import('./trainer.js').Lesson} lesson
     * @param {import('./trainer.js').Checked} checked
     */
    show({ labels, lessons }, { predicted, right }) {
      root.hidden = false;
      const { classes } = lessons;
      accuracy.replaceChildren(
        html('strong', {}, percent(right / classes.length)),
        ` leave-one-out accuracy: ${right} of ${classes.length} pictures right`,
      );
      head.replaceChildren(
        html(
          'tr',
          {},
          html('th', { scope: 'col' }, 'Class'),
          ...labels.map((label) => html('th', { scope: 'col', class: 'numeric' }, label)),
        ),
      );
      body.replaceChildren(
        ...labels.map((label, row) => {
          const taken = predicted.filter((_, i) => classes[i] === row);
          const counts = labels.map((_, k) => taken.filter((other) => other === k).length);
          return html(
            'tr',
            {},
            html('th', { scope: 'row' }, label),
            ...counts.map((count, column) =>
              html(
                'td',
                {
                  class: column === row ? 'numeric right' : count > 0 ? 'numeric wrong' : 'numeric',
                },
                count === 0 ? '·' : String(count),
              ),
            ),
          );
        }),
      );
    },
  };
}
