// Short utterances to choose from; the words go in by textContent only.
const root = element.querySelector('.chips');

function render() {
  let data = {};
  try { data = JSON.parse(props.value || '{}'); } catch (error) { data = {}; }
  const texts = data.texts || [];
  root.replaceChildren();
  root.classList.toggle('empty', !texts.length);
  if (!texts.length) return;
  const label = document.createElement('span');
  label.className = 'chips-label';
  label.textContent = data.label || '';
  root.append(label);
  for (const text of texts) {
    const chip = document.createElement('button');
    chip.type = 'button';
    chip.className = 'chip';
    chip.dir = 'auto';
    chip.textContent = text;
    chip.addEventListener('click', () => trigger('choose', { text }));
    root.append(chip);
  }
}

watch('value', render);
render();
