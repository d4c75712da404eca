// Draws the picks. All text goes in by textContent; nothing is ever parsed as HTML.
// A card whose key was there before is mended, not redrawn, so focus and open details stay.
const root = element.querySelector('.cards');
const rail = element.querySelector('.rail');
const drawn = new Map();
let groups = 0;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function replying() {
  const stop = document.getElementById('stop');
  return Boolean(stop && stop.offsetParent);
}

function action(label, title, act) {
  const button = make('button', 'action', label);
  button.type = 'button';
  button.setAttribute('aria-label', `${label}: ${title}`);
  button.addEventListener('click', () => act(button));
  return button;
}

function rating(card, tell) {
  const group = make('fieldset', 'rating');
  const legend = make('legend', '', 'Your rating');
  legend.append(make('span', 'for-readers', ` of ${card.title}`));
  group.append(legend);
  const name = `rating-${groups += 1}`;
  for (let value = 1; value <= 5; value += 1) {
    const label = make('label', 'star');
    const input = make('input');
    input.type = 'radio';
    input.name = name;
    input.value = String(value);
    input.addEventListener('change', () => {
      tell(`Rated ${value} of 5.`);
      trigger('rate', { item: card.id, kind: 'rating', value });
    });
    label.append(input, make('span', 'shape'), make('span', 'for-readers', `${value} of 5`));
    label.title = `${value} of 5`;
    group.append(label);
  }
  return group;
}

function draw(card) {
  const node = make('article', 'card');
  node.dataset.item = card.id;
  const status = make('p', 'card-status');
  status.setAttribute('role', 'status');
  const tell = (text) => { status.textContent = text; };

  const head = make('header', 'card-head');
  head.append(make('span', 'rank', String(card.rank)));
  const title = make('h3', 'card-title', card.title);
  title.dir = 'auto';
  if (card.year) title.append(' ', make('span', 'year', card.year));
  head.append(title);

  const facts = make('dl', 'facts');
  for (const fact of card.facts) {
    const pair = make('div', `fact ${fact.kind}`);
    const value = make('dd', '', fact.text);
    value.dir = 'auto';
    pair.append(make('dt', '', fact.label), value);
    facts.append(pair);
  }

  const why = make('details', 'why');
  why.append(make('summary', '', 'Why this?'), make('div', 'why-body'));

  const foot = make('div', 'foot');
  const actions = make('div', 'actions');
  const mark = (kind, told, untold) => (button) => {
    const pressed = button.getAttribute('aria-pressed') === 'true';
    if (pressed && !untold) return;
    button.setAttribute('aria-pressed', String(!pressed));
    if (kind === 'not_for_me') node.classList.add('declined');
    tell(pressed ? untold : told);
    trigger('rate', { item: card.id, kind, value: null });
  };
  const declined = action('Not for me', card.title, mark('not_for_me', 'Noted. It will not come up again.'));
  const seen = action('Seen it', card.title, mark('seen', 'Noted as seen.', 'No longer noted as seen.'));
  const more = action('More like this', card.title, () => {
    if (replying()) { tell('One moment, the last answer is still being written.'); return; }
    trigger('more', { item: card.id });
  });
  declined.dataset.kind = 'not_for_me';
  seen.dataset.kind = 'seen';
  actions.append(more, seen, declined);

  node.append(head, facts);
  if (card.prose) {
    const prose = make('p', 'prose-line', card.prose);
    prose.dir = 'auto';
    node.append(prose);
  }
  foot.append(rating(card, tell), actions);
  node.append(why, foot, status);
  return node;
}

function explain(node, card) {
  const body = node.querySelector('.why-body');
  const text = JSON.stringify([card.reason, card.evidence, card.author]);
  if (body.dataset.shown === text) return;
  body.dataset.shown = text;
  const reason = make('p', 'reason', card.reason || 'The reason is not written yet.');
  reason.dir = 'auto';
  body.replaceChildren(reason);
  if (card.evidence.length) {
    const list = make('ul', 'evidence');
    for (const piece of card.evidence) {
      const line = make('li', piece.from === 'user' ? 'from-user' : 'from-item');
      const value = make('q', '', piece.value);
      value.dir = 'auto';
      line.append(make('span', 'source', piece.source), ' ', value);
      list.append(line);
    }
    body.append(list);
  }
  if (card.author) body.append(make('p', 'author', card.author));
}

function applyMarks(node, marks) {
  for (const input of node.querySelectorAll('input[type=radio]')) {
    input.checked = Number(input.value) === marks.rating;
  }
  for (const button of node.querySelectorAll('.action[data-kind]')) {
    button.setAttribute('aria-pressed', String(Boolean(marks[button.dataset.kind])));
  }
  node.classList.toggle('declined', Boolean(marks.not_for_me));
}

function render() {
  let data = {};
  try { data = JSON.parse(props.value || '{}'); } catch (error) { data = {}; }
  const cards = data.cards || [];
  const keys = new Set(cards.map((card) => card.key));
  for (const [key, node] of drawn) {
    if (!keys.has(key)) { node.remove(); drawn.delete(key); }
  }
  rail.querySelector('.note')?.remove();
  if (!cards.length && data.note) rail.append(make('p', 'note', data.note));
  for (const card of cards) {
    let node = drawn.get(card.key);
    const fresh = !node;
    if (fresh) {
      node = draw(card);
      drawn.set(card.key, node);
      rail.append(node);
    }
    node.querySelector('.rank').textContent = String(card.rank);
    explain(node, card);
    if (fresh || data.refused) applyMarks(node, data.feedback[card.id] || {});
    if (data.refused && data.refused.item === card.id) {
      node.querySelector('.card-status').textContent = data.refused.reason;
    }
  }
  const order = cards.map((card) => drawn.get(card.key));
  if (order.some((node, place) => rail.children[place] !== node)) rail.append(...order);
  if (cards.length && root.dataset.first !== cards[0].key) {
    root.dataset.first = cards[0].key;
    rail.scrollTo({ left: 0 });
    element.closest('#cards')?.scrollTo({ top: 0 });
  }
}

watch('value', render);
render();
