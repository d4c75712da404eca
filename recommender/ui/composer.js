// While a reply is being written, Enter must not send and must not lose what was typed.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  if (!(event.target instanceof Element) || !event.target.closest('#words')) return;
  const stop = document.getElementById('stop');
  if (stop && stop.offsetParent) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);
