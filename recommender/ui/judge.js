// The Judge page. It knows the systems by A and B alone; all text goes in by textContent, but
// for the guidelines, which the server made harmless. A judgement that could not be sent is
// kept in the browser and sent again until the server has it.
const root = element.querySelector('.judge');
const STORED = 'instructrec-judge';
const CHOICES = [
  ['a', 'A is better', 'A'], ['tie', 'No difference', 'T'], ['b', 'B is better', 'B'],
  ['bad', 'Both are bad', 'N'],
];
const RETRY_MS = 1500;
let token = '';
let campaign = null;
let shown = null; // the case on the page
let draft = null; // the judgement as it stands on the page
let saved = ''; // the draft that the server has, as JSON
let lastSlot = '';
let me = ''; // the name under which judgements are kept
let chain = Promise.resolve();
let parts = {};

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(text, key, className, act) {
  const node = make('button', `act ${className}`.trim(), text);
  node.type = 'button';
  if (key) {
    node.append(' ', make('kbd', '', key));
    node.setAttribute('aria-keyshortcuts', key === '↵' ? 'Enter' : key);
  }
  node.addEventListener('click', act);
  return node;
}

function kept() {
  try { return JSON.parse(localStorage.getItem(STORED) || '{}') || {}; } catch (error) { return {}; }
}

function keep(change) {
  localStorage.setItem(STORED, JSON.stringify({ ...kept(), ...change }));
}

// What has not reached the server yet, by slot; `told` null is what has.
function pend(slot, told) {
  const pending = { ...kept().pending };
  if (told) pending[slot] = { judgement: told, who: me }; else delete pending[slot];
  keep({ pending });
}

function say(text, alarm) {
  if (!parts.status) return;
  parts.status.textContent = text;
  parts.status.classList.toggle('alarm', Boolean(alarm));
}

// --- the server ------------------------------------------------------------------------

async function post(action, data) {
  const address = new URL(`annotation/${action}`, document.baseURI);
  for (;;) {
    let reply = null;
    try {
      reply = await fetch(address, {
        method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token, ...data }),
      });
      if (reply.status < 502) return [reply.ok, await reply.json()];
    } catch (error) { /* the server is away: what follows tries again */ }
    say('The server does not answer. What you judged is kept here and sent again.', true);
    await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
  }
}

// One thing at a time, and only for the case that was on the page when a key was pressed.
function act(action) {
  const slot = shown ? shown.slot : '';
  chain = chain.then(() => ((shown ? shown.slot : '') === slot ? action() : undefined))
    .catch((error) => { say(`This page failed: ${error.message}. Load it again.`, true); });
  return chain;
}

async function ask(action, data, told) {
  const [fine, answer] = await post(action, data);
  if (!fine) {
    say(answer.error, true);
    if (answer.lapsed && shown) shown.lapsed = true; // Enter goes on to the next
    return null;
  }
  take(answer, told);
  return answer;
}

function take(answer, told) {
  if (answer.campaign) campaign = answer.campaign;
  const same = answer.case && shown && answer.case.slot === shown.slot;
  shown = answer.case;
  if (shown) lastSlot = shown.slot;
  if (same) refresh(answer); else draw(answer);
  say(told || '');
}

// --- what an annotator does --------------------------------------------------------------

function judgement() {
  const grades = Object.entries(draft.grades).map(([key, value]) => {
    const [question, side, place] = key.split(' ');
    return { question, side, place: Number(place), value };
  });
  return { choice: draft.choice, tags: draft.tags, words: draft.words, grades };
}

function missing() {
  if (campaign.grades !== 'required') return 0;
  return parts.rows.length - Object.keys(draft.grades).length;
}

const settled = () => Boolean(shown && shown.judgement && shown.judgement.settled);

function choose(choice) {
  if (settled()) { say('You have seen the names, so this vote stays.', true); return; }
  draft.choice = choice;
  mark();
  if (missing() > 0) { say(`${missing()} grades are still missing.`); nextRow(-1); return; }
  save(true);
}

async function save(stay) {
  const told = judgement();
  const slot = shown.slot;
  pend(slot, told);
  await act(async () => {
    saved = JSON.stringify(told);
    const word = { a: 'A', b: 'B', tie: 'no difference', bad: 'both bad' }[told.choice];
    const said = stay ? `Kept: ${word}. Say why, or press Enter for the next case.` : '';
    const answer = await ask('vote', { slot, judgement: told, stay }, said);
    pend(slot, null);
    if (!answer) saved = '';
  });
}

function onward() {
  if (!shown) return;
  if (settled() || shown.lapsed) { act(() => ask('case', {})); return; }
  if (!draft.choice) { say('Vote with A, B, T or N, or leave the case out with S.', true); return; }
  if (missing() > 0) { say(`${missing()} grades are still missing.`, true); nextRow(-1); return; }
  if (JSON.stringify(judgement()) === saved) act(() => ask('case', {})); else save(false);
}

function back() {
  const slot = shown ? shown.before : lastSlot;
  if (slot) act(() => ask('case', { slot }, 'An earlier case. Enter goes on.'));
  else say('There is no earlier case.');
}

function undo() {
  if (shown && shown.status === 'given') { back(); return; }
  const slot = shown ? shown.slot : lastSlot;
  if (slot) act(() => ask('undo', { slot }, 'Taken back. The case is asked anew.'));
}

const skip = () => { if (shown) act(() => ask('skip', { slot: shown.slot }, 'Left out.')); };

async function names() {
  if (!shown) return;
  await act(async () => {
    const answer = await ask('names', { slot: shown.slot });
    if (!answer) return;
    parts.names.textContent = `A was “${answer.names.a}”, B was “${answer.names.b}”. This vote now stays.`;
  });
}

function grade(row, value) {
  if (settled()) return;
  draft.grades[row.key] = value;
  row.inputs[value - 1].checked = true;
  const left = missing();
  if (draft.choice && left === 0 && campaign.grades === 'required') save(true);
  else if (left > 0) say(`${left} grades are still missing.`);
  else if (draft.choice) say('Changed. Enter keeps it and goes on.');
}

function nextRow(from) {
  const row = parts.rows.find((one, n) => n > from && !draft.grades[one.key]);
  if (!row) { parts.next.focus(); return; }
  grading(true);
  (row.inputs.find((input) => input.checked) || row.inputs[0]).focus();
}

function grading(open) {
  root.classList.toggle('grading', open);
  if (parts.grading) parts.grading.setAttribute('aria-expanded', String(open));
}

function digit(value) {
  if (!parts.rows.length || !root.classList.contains('grading')) return;
  const here = parts.rows.findIndex((row) => row.inputs.includes(document.activeElement));
  const at = here >= 0 ? here : parts.rows.findIndex((row) => !draft.grades[row.key]);
  if (at < 0) return;
  grade(parts.rows[at], value);
  nextRow(at);
}

document.addEventListener('keydown', (event) => {
  if (!root.isConnected || !root.offsetParent || !campaign) return;
  if (event.altKey || event.metaKey || event.isComposing) return;
  const target = event.target instanceof Element ? event.target : root;
  const typing = target.matches('textarea, input:not([type=radio], [type=checkbox]), select');
  if (event.key === 'Enter' && (event.ctrlKey || !typing)) {
    if (target.closest('button, summary, a') && !event.ctrlKey) return; // these do their own
    event.preventDefault();
    onward();
    return;
  }
  if (typing || event.ctrlKey) return;
  if (event.key === 'ArrowLeft' && !target.matches('input')) { event.preventDefault(); back(); return; }
  if (kept().keys === false || (!shown && !'uU'.includes(event.key))) return;
  const acts = {
    a: () => choose('a'), b: () => choose('b'), t: () => choose('tie'), n: () => choose('bad'),
    s: skip, u: undo, m: names, g: () => nextRow(-1), w: () => parts.words.focus(),
  };
  if (/^[1-5]$/.test(event.key)) { event.preventDefault(); digit(Number(event.key)); return; }
  const action = acts[event.key.toLowerCase()];
  if (action) { event.preventDefault(); action(); }
});

// --- what is on the page -------------------------------------------------------------------

function howLong(seconds) {
  if (seconds === null) return 'an estimate comes after three cases';
  const minutes = Math.ceil(seconds / 60);
  return minutes > 90 ? `about ${Math.round(minutes / 60)} hours at your pace`
    : `about ${minutes} min at your pace`;
}

function progressOf(progress) {
  const box = make('div', 'progress');
  const bar = make('progress', '');
  bar.max = progress.judged + progress.left;
  bar.value = progress.judged;
  bar.setAttribute('aria-label', 'Judged so far');
  const left = progress.left ? `, ${progress.left} left for you at most, ${howLong(progress.seconds)}` : '';
  box.append(bar, make('p', '', `${progress.judged} judged${left}`));
  return box;
}

function pickOf(pick, side, place) {
  const item = make('li', 'judged-pick');
  const title = make('h4', '', pick.title);
  title.dir = 'auto';
  if (pick.year) title.append(' ', make('span', 'year', pick.year));
  item.append(title);
  const facts = make('p', 'pick-facts', pick.facts.map((fact) => fact.text).join(' · '));
  facts.dir = 'auto';
  item.append(facts);
  if (pick.prose) { const prose = make('p', 'pick-prose', pick.prose); prose.dir = 'auto'; item.append(prose); }
  if (pick.reason) { const reason = make('p', 'pick-reason', pick.reason); reason.dir = 'auto'; item.append(reason); }
  const graded = campaign.questions.filter((question) => question.of === 'pick');
  if (graded.length) item.append(gradesOf(graded, side, place, `pick ${place} of ${side.toUpperCase()}`));
  return item;
}

function gradesOf(questions, side, place, about) {
  const box = make('div', 'grades');
  for (const question of questions) {
    const row = make('fieldset', 'grade');
    const legend = make('legend', '', question.text);
    legend.append(make('span', 'for-readers', `, ${about}: 1 ${question.low}, 5 ${question.high}`));
    row.append(legend);
    const key = `${question.id} ${side} ${place}`;
    const kept = { key, inputs: [] };
    const scale = make('div', 'scale');
    scale.append(make('span', 'end', question.low));
    for (let value = 1; value <= 5; value += 1) {
      const label = make('label', '');
      const input = make('input', '');
      input.type = 'radio';
      input.name = key;
      input.checked = draft.grades[key] === value;
      input.disabled = settled();
      input.addEventListener('change', () => grade(kept, value));
      label.append(input, make('span', '', String(value)));
      kept.inputs.push(input);
      scale.append(label);
    }
    scale.append(make('span', 'end', question.high));
    row.append(scale);
    parts.rows.push(kept);
    box.append(row);
  }
  return box;
}

function sideOf(side, picks) {
  const box = make('section', 'side');
  const name = make('h3', '', side.toUpperCase());
  name.id = `side-${side}`;
  name.prepend(make('span', 'for-readers', 'Recommendations '));
  box.setAttribute('aria-labelledby', name.id);
  const list = make('ol', '');
  picks.forEach((pick, n) => list.append(pickOf(pick, side, n + 1)));
  box.append(name, list);
  const graded = campaign.questions.filter((question) => question.of === 'list');
  if (graded.length) box.append(gradesOf(graded, side, 0, `all of ${side.toUpperCase()}`));
  return box;
}

function voteBox() {
  const box = make('section', 'vote');
  const title = make('h3', '', campaign.vote);
  title.id = 'vote-title';
  const row = make('div', 'choices');
  row.setAttribute('role', 'group');
  row.setAttribute('aria-labelledby', title.id);
  parts.choices = CHOICES.map(([choice, text, key]) => {
    const node = button(text, key, 'choice', () => choose(choice));
    node.dataset.choice = choice;
    row.append(node);
    return node;
  });
  box.append(title, row);
  if (campaign.questions.length && campaign.grades === 'optional') {
    parts.grading = button('Grade each pick as well', 'G', 'grading-toggle', () => {
      if (root.classList.contains('grading')) grading(false); else nextRow(-1);
    });
    box.append(parts.grading);
  }
  return box;
}

function whyBox() {
  const box = make('section', 'why-vote');
  box.append(make('h3', '', 'Why? (optional)'));
  const tags = make('div', 'tags');
  for (const tag of campaign.tags) {
    const label = make('label', 'tag');
    const input = make('input', '');
    input.type = 'checkbox';
    input.checked = draft.tags.includes(tag.id);
    input.disabled = settled();
    input.addEventListener('change', () => {
      draft.tags = input.checked ? [...draft.tags, tag.id] : draft.tags.filter((id) => id !== tag.id);
    });
    label.append(input, make('span', '', tag.text));
    tags.append(label);
  }
  const label = make('label', 'words-label', 'In your own words');
  const words = make('textarea', '');
  words.rows = 2;
  words.maxLength = 1000;
  words.value = draft.words;
  words.dir = 'auto';
  words.disabled = settled();
  words.addEventListener('input', () => { draft.words = words.value; });
  label.append(words);
  parts.words = words;
  box.append(tags, label);
  return box;
}

function mark() {
  for (const node of parts.choices || []) {
    node.setAttribute('aria-pressed', String(node.dataset.choice === draft.choice));
    node.disabled = settled();
  }
  if (parts.reveal) parts.reveal.hidden = !shown || !shown.judgement || settled();
}

function refresh(answer) {
  parts.progress.replaceChildren(...progressOf(answer.progress).childNodes);
  saved = shown.judgement ? JSON.stringify(judgement()) : '';
  if (!shown.judgement) { draw(answer); return; }
  mark();
  if (settled()) root.querySelectorAll('input, textarea').forEach((node) => { node.disabled = true; });
}

function draftOf(told) {
  const grades = {};
  for (const one of (told && told.grades) || []) grades[`${one.question} ${one.side} ${one.place}`] = one.value;
  return { choice: told ? told.choice : '', tags: told ? [...told.tags] : [], words: told ? told.words : '', grades };
}

function draw(answer) {
  const first = !parts.status;
  parts = { rows: [] };
  draft = draftOf(shown && shown.judgement);
  root.replaceChildren();
  root.append(make('h1', 'campaign', campaign.name));
  parts.progress = progressOf(answer.progress);
  root.append(parts.progress, guidelines(answer.progress.judged === 0));
  const status = make('p', 'judge-status');
  status.setAttribute('role', 'status');
  parts.status = status;
  if (!shown) { ended(status); return; }
  const request = make('section', 'request');
  const title = make('h2', '', `Case ${shown.number}`);
  title.tabIndex = -1;
  request.append(title);
  for (const said of shown.said) { const line = make('p', 'said', said); line.dir = 'auto'; request.append(line); }
  const words = make('p', 'asked', shown.request);
  words.dir = 'auto';
  request.append(words);
  const lists = make('div', 'sides');
  lists.append(sideOf('a', shown.sides.a), sideOf('b', shown.sides.b));
  root.append(request, lists, voteBox(), whyBox());
  parts.names = make('p', 'names');
  parts.names.setAttribute('role', 'status');
  const foot = make('div', 'judge-foot');
  parts.next = button('Next', '↵', 'primary', onward);
  foot.append(parts.next, button('Back', '←', '', back), button('Undo', 'U', '', undo), button('Skip', 'S', '', skip));
  if (campaign.names) {
    parts.reveal = button('Show names and settle the vote', 'M', '', names);
    foot.append(parts.reveal);
  }
  root.append(status, parts.names, foot, aboutYou());
  saved = shown.judgement ? JSON.stringify(judgement()) : '';
  grading(campaign.grades === 'required' || root.classList.contains('grading') || Object.keys(draft.grades).length > 0);
  mark();
  if (!first) { window.scrollTo(0, 0); title.focus(); }
}

function guidelines(open) {
  const box = make('details', 'guidelines');
  box.open = open;
  box.append(make('summary', '', 'Guidelines and keys'));
  const text = make('div', 'guide-text');
  text.innerHTML = campaign.guidelines; // made on the server, where tags in it became text
  const graded = campaign.questions.length ? ' G goes to the first missing grade, 1–5 grade the row in focus.' : '';
  // Whoever speaks to the browser sends letters that are meant as words.
  const label = make('label', 'tag');
  const single = make('input', '');
  single.type = 'checkbox';
  single.checked = kept().keys !== false;
  single.addEventListener('change', () => keep({ keys: single.checked }));
  label.append(single, make('span', '', 'Single letters and digits are keys'));
  const keys = make('p', 'keys', '');
  keys.append(label);
  box.append(text, keys, make('p', 'keys', `Keys: A or B is better, T no difference, N both are bad, S skip, W words.${graded} Enter keeps and goes on, ← goes back, U takes back.`));
  return box;
}

function ended(status) {
  const box = make('section', 'ended');
  const title = make('h2', '', campaign.open ? 'All done' : 'This campaign is closed');
  title.tabIndex = -1;
  const text = campaign.open
    ? 'Nothing is left for you to judge now. Thank you! Cases that others leave may come back here.'
    : 'It takes no more judgements. What you judged is kept. Thank you!';
  box.append(title, make('p', '', text));
  const foot = make('div', 'judge-foot');
  if (campaign.open && lastSlot) foot.append(button('Look back', '←', '', back));
  root.append(box, status, foot, aboutYou());
  title.focus();
}

function aboutYou() {
  const box = make('details', 'about-you');
  box.append(make('summary', '', 'What is kept of you'));
  box.append(make('p', '', `Your judgements, your words and how long each case took, under the name ${me}, which says nothing of who you are. No address of your computer is kept. This page's link brings you back on any day.`));
  const sure = button('Yes, delete all of it', '', 'grave', async () => {
    const [fine, answer] = await post('forget', {});
    localStorage.removeItem(STORED);
    root.replaceChildren(make('h1', 'campaign', fine ? 'Forgotten' : 'Not forgotten'), make('p', 'judge-status', fine ? `${answer.deleted} rows were deleted.` : answer.error));
    campaign = null;
  });
  sure.hidden = true;
  box.append(button('Forget me', '', '', () => { sure.hidden = false; sure.focus(); }), sure);
  return box;
}

function stranger(text) {
  root.replaceChildren(make('h1', 'campaign', 'Judge recommendations'), make('p', 'judge-status', text));
}

async function begin() {
  const given = new URLSearchParams(location.hash.slice(1));
  const before = kept();
  const invited = given.get('token') || '';
  // A login leads back here without what stood behind the "#".
  const join = given.get('join') || (invited ? '' : before.join || '');
  token = invited || (join && before.join !== join ? '' : before.token) || '';
  if (!token && !join) { stranger('This page needs an invitation: open the link that you were given.'); return; }
  root.replaceChildren(make('p', 'judge-status', 'One moment …'));
  const [fine, answer] = await post('enter', { join });
  if (!fine) { stranger(answer.error); return; }
  token = answer.token;
  me = answer.annotator;
  keep({ token, join });
  campaign = answer.campaign;
  take(answer);
  for (const [slot, one] of Object.entries(before.pending || {})) {
    if (one.who !== me || !campaign.open) continue;
    const [sent, after] = await post('vote', { slot, judgement: one.judgement });
    pend(slot, null);
    if (sent) take(after, 'The judgement that had not reached the server was sent.');
  }
}

window.addEventListener('hashchange', begin);
begin();
