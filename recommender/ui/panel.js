// Draws what was understood, and lets each line be edited. All text goes in by textContent
// or as the value of a field. A line whose key stays is not redrawn, so that focus and an
// open editor stay; what was typed is cleared only after the server took it.
const root = element.querySelector('.panel');
const drawn = new Map();
const KINDS = [
  ['must', 'Must be', 'a kind, a year, a person …'],
  ['must_not', 'Must not be', 'a kind, a year, a person …'],
  ['wish', 'I wish for', 'in your own words'],
  ['liked', 'I liked', 'a title'],
  ['disliked', 'I disliked', 'a title'],
  ['seen', 'I have seen', 'a title'],
  ['taste', 'I usually like', 'in your own words'],
  ['context', 'The setting', 'who is there, when, where'],
];
let sent = null; // the edit that the server has not answered yet: { form, done }
let next = null; // where the focus goes once the lines have changed: { place, name }
let counted = new Set();

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(label, about, act) {
  const node = make('button', 'action', label);
  node.type = 'button';
  node.dataset.name = label;
  if (about) node.setAttribute('aria-label', `${label}: ${about}`);
  node.addEventListener('click', () => { if (!replying()) act(node); });
  return node;
}

function replying() {
  const stop = document.getElementById('stop');
  return Boolean(stop && stop.offsetParent);
}

// --- the parts that stay ---------------------------------------------------------------

const details = make('details', 'held');
const summary = make('summary', '');
const glance = make('span', 'glance');
glance.dir = 'auto';
summary.append(make('span', 'held-title', 'What I understood'), glance);
const list = make('ul', 'held-lines');
list.setAttribute('aria-label', 'What I understood');
const none = make('p', 'held-none', 'Nothing yet. Say what you are looking for, or add a line.');
const reader = make('p', 'reader');
const told = make('p', 'told');
told.setAttribute('role', 'status');

let fields = 0;

function field(label, value) {
  const input = make('input', 'held-field');
  input.type = 'text';
  input.value = value;
  input.autocomplete = 'off';
  input.dir = 'auto';
  input.setAttribute('aria-label', label);
  const error = make('p', 'held-error');
  error.id = `held-error-${fields += 1}`;
  error.setAttribute('role', 'alert');
  input.setAttribute('aria-describedby', error.id);
  return { input, error };
}

function complain(form, text) {
  const input = form.querySelector('.held-field');
  form.querySelector('.held-error').textContent = text;
  input.setAttribute('aria-invalid', String(Boolean(text)));
  if (!text) return;
  input.focus();
  form.scrollIntoView({ block: 'nearest' });
}

function send(form, edit, done) {
  if (replying()) { complain(form, 'One moment, the last answer is still being written.'); return; }
  complain(form, '');
  sent = { form, done };
  trigger('revise', edit);
}

// --- adding ------------------------------------------------------------------------------

function adding() {
  const form = make('form', 'held-add');
  const kind = make('select', 'held-kind');
  kind.setAttribute('aria-label', 'What to add');
  for (const [value, label] of KINDS) {
    const option = make('option', '', label);
    option.value = value;
    kind.append(option);
  }
  const { input, error } = field('In words', '');
  const hint = () => { input.placeholder = KINDS[kind.selectedIndex][2]; };
  kind.addEventListener('change', hint);
  hint();
  const add = make('button', 'action', 'Add');
  add.type = 'submit';
  form.append(kind, input, add, error);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(form, { action: 'add', kind: kind.value, text: input.value }, () => {
      input.value = '';
      input.focus();
    });
  });
  return form;
}

// --- a line -----------------------------------------------------------------------------

function placeOf(node) { return [...list.children].indexOf(node); }

function editor(line, node) {
  const form = make('form', 'held-edit');
  const { input, error } = field(`Change ${line.label} ${line.value}`, line.value);
  const close = () => {
    form.replaceWith(reading(line, node));
    node.querySelector('[data-name=Edit]').focus();
  };
  const save = make('button', 'action', 'Save');
  save.type = 'submit';
  const cancel = make('button', 'action always', 'Cancel');
  cancel.type = 'button';
  cancel.addEventListener('click', close);
  form.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value.trim() === line.value) { close(); return; }
    send(form, { action: 'change', key: line.key, text: input.value }, () => {
      next = { place: placeOf(node), name: 'Edit' };
      close();
    });
  });
  form.append(input, save, cancel, error);
  return form;
}

function reading(line, node) {
  const row = make('div', 'held-row');
  const words = make('div', 'held-words');
  const value = make('span', 'held-value', line.value);
  value.dir = 'auto';
  const from = make('span', 'held-from', line.from);
  from.dir = 'auto';
  words.append(make('span', 'held-label', line.label), ' ', value, ' ', from);
  const about = `${line.label} ${line.value}`;
  const edit = button('Edit', about, () => {
    const form = editor(line, node);
    row.replaceWith(form);
    form.querySelector('input').select();
  });
  const remove = button('Remove', about, () => {
    next = { place: placeOf(node), name: 'Remove' };
    sent = null;
    trigger('revise', { action: 'remove', key: line.key });
  });
  row.append(words, edit, remove);
  return row;
}

// --- handing out and forgetting ------------------------------------------------------------

function foot() {
  const box = make('div', 'held-foot');
  const confirm = make('div', 'held-confirm');
  confirm.hidden = true;
  confirm.setAttribute('role', 'group');
  confirm.setAttribute('aria-label', 'Confirm');
  const forget = button('Forget me', '', () => {
    confirm.hidden = false;
    keep.focus();
    confirm.scrollIntoView({ block: 'nearest' });
  });
  const close = () => { confirm.hidden = true; forget.focus(); };
  const keep = button('Keep it', '', close);
  const really = button('Delete all', '', () => {
    confirm.hidden = true;
    summary.focus();
    trigger('forget', {});
  });
  really.classList.add('grave');
  confirm.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
  confirm.append(
    make('p', '', 'Delete this conversation, its picks and your ratings? This can’t be undone.'),
    keep, really,
  );
  box.append(reader, button('Export', '', () => trigger('export', {})), forget);
  return [box, confirm];
}

function save(file) {
  const text = JSON.stringify(file.content, null, 1);
  const link = make('a', '');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// --- drawing ----------------------------------------------------------------------------

function once(told_) {
  if (!told_ || counted.has(told_.mark)) return false;
  counted.add(told_.mark);
  return true;
}

function answer(outcome) {
  const asked = sent;
  sent = null;
  told.textContent = outcome.error && !asked ? outcome.error : '';
  if (outcome.error) next = null;
  if (!asked || !asked.form.isConnected) return;
  if (outcome.error) complain(asked.form, outcome.error); else asked.done();
}

function arrange(lines) {
  const keys = new Set(lines.map((line) => line.key));
  let changed = false;
  for (const [key, node] of drawn) {
    if (!keys.has(key)) { node.remove(); drawn.delete(key); changed = true; }
  }
  for (const line of lines) {
    if (!drawn.has(line.key)) {
      const node = make('li', 'held-line');
      node.append(reading(line, node));
      drawn.set(line.key, node);
      changed = true;
    }
  }
  const order = lines.map((line) => drawn.get(line.key));
  if (order.some((node, place) => list.children[place] !== node)) list.append(...order);
  if (changed && next) {
    const node = list.children[Math.min(next.place, list.children.length - 1)];
    const free = document.activeElement === document.body || root.contains(document.activeElement);
    const to = node ? node.querySelector(`[data-name=${next.name}]`) : root.querySelector('.held-field');
    if (free && to) to.focus();
    next = null;
  }
}

function hold() {
  const busy = String(replying());
  for (const node of root.querySelectorAll('button:not(.always)')) {
    if (node.getAttribute('aria-disabled') !== busy) node.setAttribute('aria-disabled', busy);
  }
}

function render() {
  let data = {};
  try { data = JSON.parse(props.value || '{}'); } catch (error) { data = {}; }
  const lines = data.lines || [];
  if (once(data.outcome)) answer(data.outcome);
  else if (data.told || !data.outcome) told.textContent = data.told || '';
  arrange(lines);
  none.hidden = Boolean(lines.length);
  glance.textContent = lines.map((line) => line.value).join(' · ') || 'nothing yet';
  if (data.reader || !lines.length) reader.textContent = data.reader || '';
  if (once(data.file)) save(data.file);
  hold();
}

// The buttons rest while a reply is written, which is while Stop can be seen.
function attend() {
  const composer = document.getElementById('composer');
  if (!composer) { requestAnimationFrame(attend); return; }
  new MutationObserver(hold).observe(composer, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['class', 'style'],
  });
  hold();
}

const body = make('div', 'held-body');
body.append(list, none, adding(), ...foot(), told);
details.append(summary, body);
root.append(details);
watch('value', render);
render();
attend();
