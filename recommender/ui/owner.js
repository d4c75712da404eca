// The page of campaigns: made, invited to, closed, figures and files. Needs `judged.js`.
const root = element.querySelector('.owner');
const status = make('p', 'judge-status');
status.setAttribute('role', 'status');
const list = make('div', 'owner');
const EXAMPLE = `name = "Retriever against the language model"
judgements = 2
grades = "optional"
guidelines = "Vote for the list that you would **rather be given**."

[[systems]]
name = "retriever"
ranker = "retriever"

[[systems]]
name = "language model"
ranker = "block"
rank_weight = 0.5

[cases]
requests = [
  "a quiet film about the sea",
  "something funny for the whole family",
]

[gold]
random = 1
`;

function say(text, alarm) {
  status.textContent = text;
  status.classList.toggle('alarm', Boolean(alarm));
}

async function ask(action, data) {
  const [fine, answer] = await asOwner(action, data || {});
  if (!fine) { say(answer.error, true); return null; }
  return answer;
}

function button(text, className, act) {
  const node = make('button', `act ${className}`.trim(), text);
  node.type = 'button';
  node.addEventListener('click', act);
  return node;
}

function linkTo(fragment) {
  return new URL(`annotate#${fragment}`, document.baseURI).href;
}

function card(campaign) {
  const box = make('section', 'campaign-card');
  const title = make('h2', '', campaign.name);
  const now = campaign.progress;
  box.append(title, make('p', '', `${campaign.id} · ${campaign.status} · ${campaign.systems.join(' against ')} · ${now.judged} of ${now.needed} judgements by ${now.annotators} annotators`));
  const links = make('p', 'links');
  links.hidden = true;
  const figures = make('div', '');
  const count = make('input', '');
  count.type = 'number';
  count.min = 1;
  count.max = 100;
  count.value = 3;
  count.setAttribute('aria-label', `Number of links for ${campaign.name}`);
  const row = make('div', 'row');
  const named = (text, className, act) => {
    const node = button(text, className, act);
    node.setAttribute('aria-label', `${text}: ${campaign.name}`);
    return node;
  };
  const file = (kind) => async () => {
    const answer = await ask('file', { campaign: campaign.id, kind });
    if (answer) { saveFile(answer.file); say(`Saved as ${answer.file.name}.`); }
  };
  row.append(
    count,
    named('Invite', '', async () => {
      const answer = await ask('invite', { campaign: campaign.id, count: Number(count.value) });
      if (!answer) return;
      links.hidden = false;
      links.textContent = answer.invited.map((one) => `${one.annotator}  ${linkTo(`token=${one.token}`)}`).join('\n');
      say('These links are shown once. Give each to one annotator.');
    }),
    named(campaign.status === 'open' ? 'Close' : 'Open again', '', async () => {
      const answer = await ask('status', { campaign: campaign.id, status: campaign.status === 'open' ? 'closed' : 'open' });
      if (answer) draw(answer.campaigns);
    }),
    named('Figures', 'primary', async () => {
      say('One moment …');
      const answer = await ask('figures', { campaign: campaign.id });
      if (answer) { drawFigures(figures, answer.figures); say(''); }
    }),
    named('Figures as CSV', '', file('figures')),
    named('Judgements', '', file('judgements')),
    named('Pairs to tune on', '', file('pairs')),
  );
  box.append(row, links, figures);
  return box;
}

function draw(campaigns) {
  list.replaceChildren(...campaigns.map(card));
  if (!campaigns.length) list.append(make('p', '', 'There is no campaign yet.'));
}

function maker() {
  const box = make('details', 'guidelines');
  box.append(make('summary', '', 'A new campaign'));
  const label = make('label', 'words-label', 'What is judged, in TOML (annotate create --help says what there is)');
  label.style.maxWidth = 'none';
  const text = make('textarea', '');
  text.rows = 16;
  text.value = EXAMPLE;
  label.append(text);
  const bar = make('progress', '');
  bar.hidden = true;
  bar.setAttribute('aria-label', 'Replies made');
  const row = make('div', 'row');
  row.style.padding = '10px 0';
  row.append(button('Make it', 'primary', async () => {
    const answer = await ask('create', { toml: text.value });
    if (answer) watchJob(bar);
  }), bar);
  box.append(label, row);
  return box;
}

async function watchJob(bar) {
  bar.hidden = false;
  for (;;) {
    const answer = await ask('job');
    if (!answer || !answer.job) break;
    const job = answer.job;
    if (job.of) { bar.max = job.of; bar.value = job.done; }
    say(job.error ? `${job.name}: ${job.error}` : `${job.name}: ${job.done} of ${job.of || '…'} replies`, job.error);
    if (job.over) {
      if (job.campaign) {
        const open = job.join ? ` Anybody may take part by ${linkTo(`join=${job.join}`)}` : '';
        say(`${job.name} is ready; ${job.alike} comparisons fell away, where both systems pick alike.${open}`);
        const all = await ask('campaigns');
        if (all) draw(all.campaigns);
      }
      break;
    }
    await new Promise((resolve) => { setTimeout(resolve, 700); });
  }
  bar.hidden = true;
}

async function begin() {
  const given = new URLSearchParams(location.hash.slice(1)).get('owner');
  if (given) localStorage.setItem(OWNER, given);
  root.replaceChildren(make('h1', '', 'Campaigns'), status);
  if (!localStorage.getItem(OWNER)) { say('This page needs the owner’s link; “python -m recommender annotate owner” gives one.'); return; }
  const answer = await ask('campaigns');
  if (!answer) return;
  root.append(maker(), list);
  draw(answer.campaigns);
}

begin();
