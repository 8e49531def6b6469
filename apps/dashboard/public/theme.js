// Before the first paint, so that nothing flashes in the other colours. From then on src/style/theme.ts sees to it.
const chosen = localStorage.getItem('weft.theme');
const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
document.documentElement.dataset.theme = chosen === 'light' || chosen === 'dark' ? chosen : system;
