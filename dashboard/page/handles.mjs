// Lines over a chart that are moved by mouse, finger or keys: sliders, for a screen reader.
import { h } from './dom.mjs';

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

// place(value) is a pixel of the chart, at(pixel) a value; moved(i, value) while it moves, done() after it.
export function handle(i, { label, place, at, moved, done }) {
  const element = h(
    'div',
    { class: 'handle', role: 'slider', tabindex: 0, 'aria-label': label, 'aria-orientation': 'horizontal' },
    h('span', { class: `grip step${i % 3}`, 'aria-hidden': 'true' }),
  );
  let held = false;
  let timer;

  element.addEventListener('pointerdown', (event) => {
    held = true;
    element.setPointerCapture(event.pointerId);
    element.focus();
    event.preventDefault();
  });
  element.addEventListener('pointermove', (event) => {
    if (held) {
      moved(i, at(event.clientX - element.parentElement.getBoundingClientRect().left));
    }
  });
  for (const end of ['pointerup', 'pointercancel']) {
    element.addEventListener(end, () => {
      if (held) {
        held = false;
        done();
      }
    });
  }
  element.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      moved(i, at(Number.parseFloat(element.style.left) + 4 * step), step);
      clearTimeout(timer);
      timer = setTimeout(done, 500);
    }
  });

  return {
    element,
    set({ value, least, most, text }) {
      element.style.left = `${place(value)}px`;
      for (const [name, said] of Object.entries({
        valuenow: value,
        valuemin: least,
        valuemax: most,
        valuetext: text,
      })) {
        element.setAttribute(`aria-${name}`, said);
      }
    },
  };
}
