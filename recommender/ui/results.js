// Draws the runs: filters, one plot for each metric, tables beside the paper's, what each run
// was of. All text goes in by textContent. What is chosen stands in the address, so that a
// view can be passed on.
const root = element.querySelector('.results');
const ALL = 'all';
let data = null;
const chosen = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function whole(number) {
  return number.toLocaleString('en');
}

// .675 of shares, as papers print them; other numbers as they are.
function figure(value, digits) {
  if (value === 0) return '0';
  const text = value.toFixed(digits);
  return Math.abs(value) < 1 ? text.replace(/^(-?)0\./, '$1.') : text;
}

function pick(name, label, options) {
  const field = make('label', 'pick', label);
  const select = make('select');
  for (const [value, text] of options) {
    const option = make('option', '', text);
    option.value = value;
    select.append(option);
  }
  select.value = chosen[name] ?? options[0][0];
  if (select.selectedIndex < 0) select.value = options[0][0];
  chosen[name] = select.value;
  select.addEventListener('change', () => {
    chosen[name] = select.value;
    // With its path, since the page has a base other than its own address.
    history.replaceState(null, '', `${location.pathname}#${new URLSearchParams(chosen)}`);
    sections();
  });
  field.append(select);
  return field;
}

// --- which runs --------------------------------------------------------------------------

function shown() {
  return data.tasks.filter((task) => [ALL, task.name].includes(chosen.task))
    .flatMap((task) => {
      const runs = data.runs.filter((run) => run.task === task.name);
      return [...new Set(runs.map((run) => run.data_set))]
        .filter((set) => [ALL, set].includes(chosen.data))
        .map((set) => ({ task, set, paper: task.paper[set], runs: best(task, runs.filter((r) => r.data_set === set)) }));
    });
}

function best(task, runs) {
  const lead = (run) => run.figures[task.metrics[0]?.name]?.[0] ?? -1;
  return [...runs].sort((a, b) => a.control - b.control || lead(b) - lead(a));
}

// What tells a run from others of its task.
function about(run, runs, size = true) {
  const told = run.control ? ['control'] : [];
  const differs = (name) => new Set(runs.map((other) => other[name])).size > 1;
  if (size && run.n < Math.max(...runs.map((other) => other.n))) told.push(`n ${whole(run.n)}`);
  if (differs('split')) told.push(run.split);
  if (differs('seed')) told.push(`seed ${run.seed}`);
  return told.join(', ');
}

// --- plots -------------------------------------------------------------------------------

function scale(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const rough = Math.max(high - low, 0.01) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const from = Math.floor(low / step + 1e-9) * step;
  const upto = Math.ceil(high / step - 1e-9) * step;
  const ticks = [];
  for (let n = 0; from + n * step <= upto + step / 2; n += 1) ticks.push(from + n * step);
  const place = (value) => `${(100 * (value - from)) / (upto - from)}%`;
  return { ticks, place, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function plot(section, metric) {
  const { task, paper, runs } = section;
  const chance = task.chance[metric.name];
  const rows = [
    ...runs.filter((run) => !run.control && metric.name in run.figures).map((run) => ({
      key: run.id, name: run.ranker, about: about(run, runs),
      figures: run.figures[metric.name],
    })),
    ...paper.filter((row) => metric.name in row.figures).map((row) => ({
      key: `paper ${row.method}`, name: row.method, about: 'paper', paper: true,
      figures: [row.figures[metric.name]],
    })),
  ];
  const order = rowOrder(section);
  rows.sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
  const along = scale([...rows.flatMap((row) => row.figures), ...(chance === undefined ? [] : [chance])]);

  const node = make('figure', 'plot');
  const caption = make('figcaption', 'plot-title', metric.name);
  if (metric.meaning) caption.append(' ', make('span', 'plot-meaning', metric.meaning));
  const list = make('ul', 'plot-rows');
  for (const row of rows) list.append(plotRow(row, along));
  const axis = make('div', 'plot-axis');
  axis.setAttribute('aria-hidden', 'true');
  const ground = make('div', 'plot-ground');
  ground.setAttribute('aria-hidden', 'true');
  for (const tick of along.ticks) {
    const label = make('span', '', figure(tick, along.digits));
    const line = make('i');
    label.style.left = line.style.left = along.place(tick);
    axis.append(label);
    ground.append(line);
  }
  if (chance !== undefined) {
    const line = make('i', 'chance');
    line.style.left = along.place(chance);
    ground.append(line);
  }
  const field = make('div', 'plot-field');
  field.append(ground, list, axis);
  node.append(caption, field);
  return node;
}

function rowOrder({ task, paper, runs }) {
  const lead = task.metrics[0]?.name;
  const keyed = [
    ...runs.map((run) => [run.id, run.figures[lead]?.[0] ?? -1]),
    ...paper.map((row) => [`paper ${row.method}`, row.figures[lead] ?? -1]),
  ];
  return keyed.sort((a, b) => b[1] - a[1]).map(([key]) => key);
}

function plotRow(row, along) {
  const [value, low, high] = row.figures;
  const node = make('li', `plot-row${row.paper ? ' published' : ''}`);
  node.dataset.run = row.key;
  const name = make('span', 'plot-name');
  name.append(make('span', 'plot-called', row.name));
  name.title = row.name;
  if (row.about) name.append(' ', make('span', 'plot-about', row.about));
  const track = make('span', 'plot-track');
  if (low !== undefined) {
    const span = make('i', 'span');
    span.style.left = along.place(low);
    span.style.right = `calc(100% - ${along.place(high)})`;
    track.append(span);
  }
  const dot = make('i', 'dot');
  dot.style.left = along.place(value);
  track.append(dot);
  const told = make('span', 'plot-value', figure(value, 3));
  if (low !== undefined) {
    const interval = `from ${figure(low, 3)} to ${figure(high, 3)}`;
    told.append(make('span', 'for-readers', ` ${interval}`));
    node.title = `${row.name}: ${figure(value, 4)}, ${interval}`;
  }
  node.append(name, track, told);
  return node;
}

// --- tables ------------------------------------------------------------------------------

function table(className, caption, heads, rows) {
  const holder = make('div', `sheet ${className}`);
  holder.tabIndex = 0;
  holder.setAttribute('role', 'region');
  holder.setAttribute('aria-label', caption);
  const node = make('table');
  node.append(make('caption', '', caption));
  const head = make('tr');
  for (const text of heads) {
    const cell = make('th', '', text);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = make('tbody');
  for (const { key, cells } of rows) {
    const line = make('tr');
    line.dataset.run = key;
    line.append(...cells);
    body.append(line);
  }
  const top = make('thead');
  top.append(head);
  node.append(top, body);
  holder.append(node);
  return holder;
}

function rowName(text, small) {
  const cell = make('th', '', text);
  cell.scope = 'row';
  if (small) cell.append(' ', make('span', 'small', small));
  return cell;
}

function measured({ task, runs }) {
  // The best among those asked most cases: of few cases the best is best by luck.
  const most = Math.max(...runs.map((run) => run.n));
  const rivals = runs.filter((run) => !run.control && run.n === most);
  const tops = Object.fromEntries(task.metrics.map(({ name }) => [
    name, Math.max(...rivals.map((run) => run.figures[name]?.[0] ?? -1)),
  ]));
  return table('ours', 'Measured here', ['Ranker', 'n', ...task.metrics.map((m) => m.name)],
    runs.map((run) => ({
      key: run.id,
      cells: [rowName(run.ranker, about(run, runs, false)),
        make('td', '', whole(run.n)),
        ...task.metrics.map(({ name }) => {
          if (!run.figures[name]) return make('td', 'none', '–');
          const [value, low, high] = run.figures[name];
          const cell = make('td', value === tops[name] && rivals.includes(run) ? 'top' : '');
          cell.append(make('span', 'value', figure(value, 4)), ' ',
            make('span', 'small', `${figure(low, 3)}–${figure(high, 3)}`));
          return cell;
        })],
    })));
}

function published({ task, paper }) {
  const names = task.metrics.map((m) => m.name)
    .filter((name) => paper.some((row) => name in row.figures));
  return table('paper', `As published, ${data.source}`, ['Method', ...names],
    paper.map((row) => ({
      key: `paper ${row.method}`,
      cells: [rowName(row.method), ...names.map((name) => (name in row.figures
        ? make('td', '', figure(row.figures[name], 4)) : make('td', 'none', '–')))],
    })));
}

function besides({ runs }) {
  const names = [...new Set(runs.flatMap((run) => run.beside.map(([name]) => name)))];
  if (!names.length) return null;
  return table('beside', 'Beside accuracy', ['Ranker', ...names], runs.map((run) => {
    const found = Object.fromEntries(run.beside);
    return {
      key: run.id,
      cells: [rowName(run.ranker, about(run, runs)),
        ...names.map((name) => make('td', name in found ? '' : 'none', found[name] ?? '–'))],
    };
  }));
}

// --- one run -----------------------------------------------------------------------------

function lines(title, pairs) {
  const part = make('div', 'run-part');
  const list = make('dl');
  for (const [name, value] of pairs) {
    const pair = make('div');
    pair.append(make('dt', '', name), make('dd', '', value));
    list.append(pair);
  }
  part.append(make('h4', '', title), list);
  return part;
}

function command(run) {
  const part = make('div', 'run-part run-command');
  const code = make('code', '', run.command);
  const copy = make('button', 'action', 'Copy');
  copy.type = 'button';
  copy.setAttribute('aria-label', `Copy the command of ${run.ranker}`);
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(run.command);
      copy.textContent = 'Copied';
    } catch (error) {  // no clipboard without https: then it is marked, to be copied by hand
      getSelection().selectAllChildren(code);
    }
  });
  part.append(make('h4', '', 'Command'), code, copy);
  return part;
}

function sureness(run) {
  const part = make('div', 'run-part');
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '-6 -6 112 112');
  svg.setAttribute('class', 'sureness');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'Share of hits by confidence: '
    + run.bins.map(([sure, hit, n]) => `${figure(sure, 2)}: ${figure(hit, 2)} of ${n}`).join('; '));
  const draw = (tag, given) => {
    const node = document.createElementNS(ns, tag);
    for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
    svg.append(node);
  };
  draw('rect', { x: 0, y: 0, width: 100, height: 100, class: 'frame' });
  draw('line', { x1: 0, y1: 100, x2: 100, y2: 0, class: 'even' });
  const most = Math.max(...run.bins.map(([, , n]) => n));
  for (const [sure, hit, n] of run.bins) {
    draw('circle', { cx: 100 * sure, cy: 100 - 100 * hit, r: 1.5 + 3.5 * Math.sqrt(n / most) });
  }
  part.append(make('h4', '', 'Hits by confidence'), svg,
    make('p', 'small', 'Across: confidence in the first pick. Up: how often it is right. '
      + 'On the line: as sure as it should be.'));
  return part;
}

function details(run) {
  const node = make('details', 'run');
  node.dataset.run = run.id;
  const summary = make('summary', '', run.ranker);
  const told = [`n ${whole(run.n)}`, run.finished.replace('T', ' ').replace('Z', ' UTC'),
    run.code && `code ${run.code}`].filter(Boolean).join(' · ');
  summary.append(' ', make('span', 'small', told));
  const body = make('div', 'run-body');
  if (run.command) body.append(command(run));
  body.append(lines('Settings', [...run.settings, ['cases', whole(run.n)], ['code', run.code]]));
  if (run.bins.length) body.append(sureness(run));
  if (run.data.length) {
    const part = lines('Data, by SHA-256', run.data);
    part.classList.add('sums');
    body.append(part);
  }
  node.append(summary, body);
  return node;
}

// --- the page ----------------------------------------------------------------------------

function draw(section) {
  const { task, set, runs } = section;
  const node = make('section', 'task');
  const title = make('h2', '', task.title.replace(/^… /, ''));
  const sizes = [...new Set(runs.map((run) => run.n))].sort((a, b) => a - b);
  const n = [...new Set([sizes[0], sizes.at(-1)])].map(whole).join('–');
  const facts = [task.form, set, `n ${n}`].filter(Boolean);
  const line = make('p', 'facts-line');
  for (const fact of facts) line.append(make('span', '', fact));
  node.append(title, line);
  const stand = [...new Set(runs.map((run) => run.stands_for).filter(Boolean))];
  for (const text of stand) node.append(make('p', 'stand-in', `Stand-in: ${text}.`));
  const plots = make('div', 'plots');
  for (const metric of task.metrics) plots.append(plot(section, metric));
  const tables = make('div', 'tables');
  tables.append(measured(section));
  if (section.paper.length) tables.append(published(section));
  const beside = besides(section);
  node.append(plots, tables);
  if (beside) node.append(beside);
  const list = make('div', 'runs');
  list.append(make('h3', '', 'Each run'), ...runs.map(details));
  node.append(list);
  return node;
}

function sections() {
  const found = shown();
  const place = root.querySelector('.sections');
  place.replaceChildren(...found.map(draw));
  if (!found.length) place.append(make('p', 'note', 'No run of this task on this data set.'));
  const runs = found.reduce((sum, section) => sum + section.runs.length, 0);
  root.querySelector('.told').textContent = `${whole(runs)} run${runs === 1 ? '' : 's'}`;
}

function csv() {
  const quoted = (value) => (/[",\n\r]/.test(value) ? `"${String(value).replace(/"/g, '""')}"` : value);
  const rows = [['task', 'data_set', 'split', 'source', 'ranker', 'n', 'metric', 'value', 'low',
    'high', 'sample', 'seed', 'code', 'finished', 'command']];
  for (const { task, set, paper, runs } of shown()) {
    for (const run of runs) {
      for (const [metric, found] of Object.entries(run.figures)) {
        rows.push([task.name, set, run.split, 'measured', run.ranker, run.n, metric, ...found,
          run.sample, run.seed, run.code, run.finished, run.command]);
      }
    }
    for (const row of paper) {
      for (const [metric, value] of Object.entries(row.figures)) {
        rows.push([task.name, '', '', data.source, row.method, '', metric, value, '', '', '', '', '', '', '']);
      }
    }
  }
  const text = rows.map((row) => row.map(quoted).join(',')).join('\r\n');
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([`${text}\r\n`], { type: 'text/csv' }));
  link.download = `results-${chosen.task}-${chosen.data}.csv`.replaceAll(' ', '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function empty() {
  const node = make('div', 'note empty');
  node.append(make('p', '', 'No evaluation has been run yet. With a folder of data sets, one command asks every task:'),
    make('code', '', 'make evaluate DATA=DIR'), make('p', '', 'or one task of some rankers:'),
    make('code', '', 'python -m recommender evaluate sequential --data DIR --ranker popularity,sasrec'),
    make('p', '', 'What DIR holds, and where the data sets are to be had, says'),
    make('code', '', 'python -m recommender evaluate --help'));
  return node;
}

function bar() {
  const node = make('div', 'bar');
  const save = make('button', 'action', 'Download CSV');
  save.type = 'button';
  save.addEventListener('click', csv);
  const told = make('p', 'told small');
  told.setAttribute('role', 'status');
  const titles = data.tasks.map((task) => [task.name, task.title.replace(/^… /, '')]);
  const sets = [...new Set(data.runs.map((run) => run.data_set))].sort();
  node.append(
    pick('task', 'Task', [...titles, [ALL, 'All tasks']]),
    pick('data', 'Data set', [[ALL, 'All data sets'], ...sets.map((set) => [set, set])]),
    told, save,
  );
  return node;
}

// The same run stands in several plots and tables: what is pointed at is marked in all.
function mark(event) {
  const run = event.type === 'mouseover' ? event.target.closest?.('[data-run]')?.dataset.run : null;
  for (const node of root.querySelectorAll('[data-run]')) {
    node.classList.toggle('marked', run !== null && node.dataset.run === run);
  }
}

function render() {
  try { data = JSON.parse(props.value); } catch (error) { return; }  // not here yet
  const top = make('header', 'results-head');
  top.append(make('h1', '', 'Results'), make('p', 'lead', 'Each row is a run of one ranker. '
    + 'Whiskers and small figures are 95 % bootstrap intervals over its cases; candidates with '
    + 'equal scores share their ranks; the dashed line is chance.'));
  const parts = [top];
  for (const text of data.unreadable) parts.push(make('p', 'unreadable', text));
  if (data.runs.length) {
    const legend = make('p', 'legend');
    for (const [kind, text] of [['dot', 'measured here'], ['dot published', 'as published']]) {
      const entry = make('span');
      entry.append(make('i', kind), ` ${text}`);
      legend.append(entry);
    }
    top.append(legend);
    parts.push(bar(), make('div', 'sections'));
  } else parts.push(empty());
  root.replaceChildren(...parts);
  if (data.runs.length) sections();
}

root.addEventListener('mouseover', mark);
root.addEventListener('mouseleave', mark);
watch('value', render);
render();
