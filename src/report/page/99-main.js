// The page, put together.

readTheme();
const dark = matchMedia('(prefers-color-scheme: dark)');
const themes = ['auto', 'light', 'dark'];
const themeButton = el('button', {class: 'theme', type: 'button', text: 'Theme: auto', onclick: () => {
  const now = document.documentElement.getAttribute('data-theme') ?? 'auto';
  setTheme(themes[(themes.indexOf(now) + 1) % 3]);
}});
function setTheme(name) {
  if (name === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', name);
  themeButton.textContent = `Theme: ${name}`;
  redrawAll();
}
dark.addEventListener('change', redrawAll);
let themeBeforePrint = 'auto';
addEventListener('beforeprint', () => {
  themeBeforePrint = document.documentElement.getAttribute('data-theme') ?? 'auto';
  setTheme('light');
});
addEventListener('afterprint', () => setTheme(themeBeforePrint));
addEventListener('scroll', hideTip, {passive: true});
addEventListener('keydown', (event) => { if (event.key === 'Escape') hideTip(); });

addSummary();
addMatrix();
addClasses();
addErrors();
addTrust();
addBaselines();
addMap();
addSearch();
addNetwork();
addAudit();
addJob();
addMade();
document.getElementById('contents').append(themeButton);
document.getElementById('foot').textContent = 'This file holds all that it shows and asks for nothing: keep it, send it, open it without a network.';
redrawAll();

// Which section is being read.
const links = new Map([...document.querySelectorAll('#contents a')].map((a) => [a.getAttribute('href').slice(1), a]));
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute('aria-current');
    links.get(entry.target.id)?.setAttribute('aria-current', 'true');
  }
}, {rootMargin: '-20% 0px -70% 0px'});
for (const id of links.keys()) seen.observe(document.getElementById(id));
