// Draws the figures of a campaign: strengths with intervals, wins, agreement, annotators,
// grades. All text goes in by textContent. For the page of campaigns and for Results.
const OWNER = 'instructrec-owner';
const SVG = 'http://www.w3.org/2000/svg';

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function shape(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

async function asOwner(action, data) {
  const address = new URL(`annotation/owner/${action}`, document.baseURI);
  const token = localStorage.getItem(OWNER) || '';
  try {
    const reply = await fetch(address, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...data, token }),
    });
    return [reply.ok, await reply.json()];
  } catch (error) {
    return [false, { error: 'The server does not answer. Please try again.' }];
  }
}

function saveFile(file) {
  const link = make('a', '');
  link.href = URL.createObjectURL(new Blob([file.content], { type: 'text/plain' }));
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const signed = (value) => (value === null || value === undefined ? '–' : value.toFixed(2));
const within = (low, high) => (low === null || low === undefined ? '' : ` (${signed(low)} to ${signed(high)})`);

function table(title, heads, rows) {
  const box = make('div', '');
  box.append(make('h4', '', title));
  const scroll = make('div', 'scroll');
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', title);
  const body = make('table', '');
  const head = make('tr', '');
  heads.forEach((text) => { const cell = make('th', '', text); cell.scope = 'col'; head.append(cell); });
  body.append(head);
  for (const row of rows) {
    const line = make('tr', '');
    for (const value of row) {
      if (value instanceof Node) { const cell = make('td', ''); cell.append(value); line.append(cell); } else line.append(make('td', /^[-–+\d]/.test(String(value)) ? 'number' : '', String(value)));
    }
    body.append(line);
  }
  scroll.append(body);
  box.append(scroll);
  return box;
}

function strengthPlot(systems) {
  const low = Math.min(-0.5, ...systems.map((s) => s.low ?? s.value));
  const high = Math.max(0.5, ...systems.map((s) => s.high ?? s.value));
  const x = (value) => 200 + 420 * ((value - low) / (high - low));
  const height = 34 * systems.length + 28;
  const plot = shape('svg', { viewBox: `0 0 640 ${height}`, role: 'img', 'aria-label': 'Strength of each system with its 95 % interval; the table below has the numbers' });
  plot.append(shape('line', { class: 'axis', x1: x(0), x2: x(0), y1: 0, y2: height - 22 }), shape('text', { x: x(0), y: height - 6, 'text-anchor': 'middle' }, '0, the mean'));
  systems.forEach((s, n) => {
    const y = 20 + 34 * n;
    const name = s.system.length > 24 ? `${s.system.slice(0, 23)}…` : s.system;
    plot.append(shape('text', { x: 0, y: y + 4 }, name), shape('line', { class: 'span', x1: x(s.low ?? s.value), x2: x(s.high ?? s.value), y1: y, y2: y }), shape('circle', { cx: x(s.value), cy: y, r: 6 }));
  });
  return plot;
}

function drawFigures(box, figures) {
  box.replaceChildren();
  box.classList.add('judged-figures');
  const now = figures.progress;
  box.append(make('p', '', `${now.judged} of ${now.needed} judgements, ${now.complete} of ${now.comparisons} comparisons complete, ${now.skipped} skipped, ${now.annotators} annotators.`));
  const systems = figures.strengths.systems;
  if (!systems.length) { box.append(make('p', '', 'Figures come with the first judgement.')); return; }
  box.append(strengthPlot(systems));
  box.append(table('Strength (Bradley–Terry with ties; logarithm, mean 0; 95 % interval over resampled cases)', ['System', 'Strength', 'First in', 'Votes'],
    systems.map((s) => [s.system, `${signed(s.value)}${within(s.low, s.high)}`, s.first === null ? '–' : `${Math.round(s.first * 100)} %`, s.games])));
  const wins = [];
  for (const [one, row] of Object.entries(figures.wins)) for (const [other, cell] of Object.entries(row)) wins.push([one, other, cell.won, cell.tied, cell.lost]);
  box.append(table('Wins', ['System', 'against', 'won', 'tied', 'lost'], wins));
  const why = Object.entries(figures.tags).flatMap(([system, row]) => Object.entries(row).map(([tag, count]) => [system, tag, count]));
  if (why.length) box.append(table('Why a system was preferred', ['System', 'Why', 'Votes'], why));
  box.append(table('Agreement (Krippendorff’s alpha; the vote nominal, the others ordinal)', ['Question', 'Alpha', 'Judgements'],
    Object.entries(figures.agreement).map(([question, a]) => [question, a.value === null ? 'not defined' : `${signed(a.value)}${within(a.low, a.high)}`, a.judgements])));
  box.append(table('Annotators', ['Who', 'Judged', 'Seconds a case', 'Agrees with others', 'Alpha with others', 'Known answers', 'Pointed out'],
    figures.annotators.map((who) => {
      const doubts = make('span', who.at_random ? 'doubt' : '', who.doubts.length ? `${who.at_random ? 'May answer at random' : 'Stands out'}: ${who.doubts.join('; ')}` : 'no');
      const vote = who.agreement.vote;
      return [who.annotator, who.judged, signed(who.seconds.median), `${who.agreeing} of ${who.shared}`, vote && vote.value !== null ? `${signed(vote.value)}${within(vote.low, vote.high)}` : '–', who.gold.asked ? `${who.gold.right} of ${who.gold.asked}` : '–', doubts];
    })));
  if (figures.grades.length) box.append(table('Mean grades', ['Question', 'System', 'Mean', 'Grades'], figures.grades.map((row) => [row.question, row.system, `${signed(row.mean)}${within(row.low, row.high)}`, row.n])));
}
