// A visitor's own file: choose it, see what its columns were taken for, agree or change that.
// All text goes in by textContent; the file itself goes to the server by Gradio's upload.
const root = element.querySelector('.own');

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(label, className, act) {
  const node = make('button', className, label);
  node.type = 'button';
  node.addEventListener('click', act);
  return node;
}

const open = button('Your own file', 'own-open', () => { intro(); show(); });
const sheet = make('dialog', 'own-sheet');
sheet.setAttribute('aria-labelledby', 'own-title');
const title = make('h2', 'own-title');
title.id = 'own-title';
const body = make('div', 'own-body');
const status = make('p', 'own-status');
status.setAttribute('role', 'status');
const alarm = make('p', 'own-error');
alarm.setAttribute('role', 'alert');
const foot = make('div', 'own-foot');
sheet.append(title, body, status, alarm, foot);
const picker = make('input');
picker.type = 'file';
picker.hidden = true;
picker.accept = '.csv,.tsv,.txt,.json,.jsonl,.ndjson,.parquet,.gz,.zip';
root.append(open, picker, sheet);

let data = {};
let waiting = false;

function show() { if (!sheet.open) sheet.showModal(); }
function close() { if (sheet.open) sheet.close(); }

function fill(heading, told, error, ...actions) {
  title.textContent = heading;
  status.textContent = told || '';
  alarm.textContent = error || '';
  foot.replaceChildren(...actions);
}

function intro(error) {
  body.replaceChildren(make('p', 'own-note',
    `CSV, TSV, JSON, JSON lines or Parquet, also packed by gzip or zip, ${data.limits || ''}. ` +
    'It serves this conversation alone, nobody else sees it, and it is erased when you start over.'));
  fill('Talk about your own items', '', error,
    button('Choose a file', 'own-main', () => picker.click()), button('Close', 'own-plain', close));
}

picker.addEventListener('change', async () => {
  const [file] = picker.files;
  picker.value = '';
  if (!file) return;
  body.replaceChildren();
  fill(file.name, 'Uploading …', '');
  try {
    const { path } = await upload(file);
    status.textContent = 'Looking at the columns …';
    trigger('look', { path });
  } catch (error) {
    intro('The file could not be uploaded; it may be too large.');
  }
});

function columns() {
  const table = make('table', 'own-table');
  const head = make('tr');
  for (const name of ['Column', 'Holds', 'Taken as']) head.append(make('th', '', name));
  table.append(head);
  const chosen = new Map();
  for (const column of data.columns) {
    const row = make('tr');
    const name = make('th', 'own-name', column.name);
    name.scope = 'row';
    name.dir = 'auto';
    const held = make('td', 'own-example', column.example || 'nothing');
    held.dir = 'auto';
    held.title = `${column.share} full; ${column.why}`;
    const select = make('select', 'held-kind');
    select.setAttribute('aria-label', `${column.name} is taken as`);
    for (const [role, words] of Object.entries(data.roles)) {
      const option = make('option', '', words);
      option.value = role;
      select.append(option);
    }
    select.value = column.role;
    chosen.set(column, select);
    const last = make('td', '');
    last.append(select);
    row.append(name, held, last);
    table.append(row);
  }
  const note = make('p', 'own-note', ['This begins a new conversation.', ...(data.notes || [])].join(' '));
  body.replaceChildren(table, note);
  fill(`${data.name}: ${data.rows} rows`, '', data.error,
    button('Talk about these', 'own-main', () => {
      const roles = {};
      for (const [column, select] of chosen) {
        if (select.value !== column.role) roles[column.name] = select.value;
      }
      fill(data.name, 'Reading the rows …', '');
      body.replaceChildren();
      trigger('take', { roles });
    }),
    button('Another file', 'own-plain', () => picker.click()),
    button('Close', 'own-plain', close));
}

function render() {
  try { data = JSON.parse(props.value || '{}'); } catch (error) { data = {}; }
  const using = data.step === 'using';
  root.classList.toggle('using', using);
  open.textContent = using ? `${data.name} · ${data.rows} ${data.nouns}` : 'Your own file';
  open.title = using ? 'Start over to leave your file; choose another one here' : '';
  if (waiting && (using || !data.step)) { close(); }
  waiting = data.step === 'busy';
  if (data.step === 'columns') { columns(); show(); }
  if (data.step === 'busy') { body.replaceChildren(); fill(title.textContent, data.told, ''); show(); }
  if (data.step === 'error') { intro(data.error); show(); }
}

watch('value', render);
render();
