// Before the first paint, so that nothing flashes in the other colours.
const chosen = localStorage.getItem('weft.theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
