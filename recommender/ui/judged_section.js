// What annotators found, within Results: for whoever opened the owner's link in this browser.
const root = element.querySelector('.judged');

async function begin() {
  if (!localStorage.getItem(OWNER)) { root.hidden = true; return; }
  const [fine, answer] = await asOwner('campaigns', {});
  if (!fine || !answer.campaigns.length) { root.hidden = true; return; }
  root.append(make('h2', '', 'Judged by people'));
  for (const campaign of answer.campaigns) {
    const box = make('section', '');
    const title = make('h3', '', campaign.name);
    const figures = make('div', '');
    const save = make('button', 'action', 'Figures as CSV');
    save.type = 'button';
    save.setAttribute('aria-label', `Figures as CSV: ${campaign.name}`);
    save.addEventListener('click', async () => {
      const [there, file] = await asOwner('file', { campaign: campaign.id, kind: 'figures' });
      if (there) saveFile(file.file);
    });
    box.append(title, figures, save);
    root.append(box);
    const [there, found] = await asOwner('figures', { campaign: campaign.id });
    if (there) drawFigures(figures, found.figures); else figures.textContent = found.error;
  }
}

begin();
