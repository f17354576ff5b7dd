// Walks the page without a mouse: a capability is started from its form, the
// step that waits for a person is finished, and the run is seen to succeed.
// Every view on the way is held to accessibility rules.
//
//   node page.mjs BASE-URL CHROMIUM
//
// The server serves b2b-enterprise-onboarding with --mock and asks for no key.
import assert from 'node:assert/strict';
import { checking } from './browser.mjs';

await checking(async (tab, base, expected) => {
  await tab.look();
  await tab.goto(base);
  await tab.until('the capability is listed', () => document.querySelector('.capabilities a'));
  await tab.everywhere('capabilities');

  await tab.tabTo('.capabilities a', 'B2B Enterprise Onboarding');
  await tab.press('Enter');
  await tab.until('its form and its drawing are shown', () => document.querySelector('form button') && document.images.length > 1 && [...document.images].every((i) => i.naturalWidth > 0));
  await tab.everywhere('a capability');

  await tab.tabTo('form button', 'Start a run');
  await tab.press('Enter');
  await tab.until('an empty field is marked', () => document.activeElement.getAttribute('aria-invalid') === 'true');
  assert.match(await tab.read(() => document.activeElement.labels[0].textContent), /^organization name/, 'the first wrong field has the focus');
  await tab.everywhere('a form that is not filled in');

  await tab.type('Acme');
  await tab.tabTo('textarea');
  await tab.type('acme.com\nacme.org');
  await tab.tabTo('form input');
  await tab.type('it@acme.com');
  await tab.press('Enter');
  await tab.until('the run waits for a person', () => document.querySelector('.todo'));
  assert.match(tab.address(), /#\/runs\/run_/, 'a run has an address of its own');
  assert.equal(await tab.read(() => document.activeElement.id), 'run-title', 'what was opened has the focus');
  assert.match(await tab.read(() => document.querySelector('.todo').innerText), /send-portal-link/);
  await tab.everywhere('a run that waits');

  const link = () => document.querySelector('.todo dd a')?.href ?? '';
  assert.equal(await tab.read(link), '', 'the link lets whoever holds it in: it is hidden');
  assert.ok(!(await tab.read(() => document.body.innerText)).includes('https://'), 'no link is shown');
  await tab.tabTo('.todo button', 'Show');
  await tab.press('Enter');
  await tab.until('the link is shown to who asks', () => document.querySelector('.todo dd a')?.href.startsWith('https://'));

  await tab.tabTo('#result');
  await tab.type('sent');
  await tab.tabTo('.todo .primary', 'It is done');
  await tab.press('Enter');
  await tab.until('the run succeeds', () => document.querySelector('.head .status')?.classList.contains('succeeded'));
  await tab.until('it is told to who listens', () => document.getElementById('said').textContent.includes('succeeded'));
  const steps = await tab.read(() => [...document.querySelectorAll('.steps .status')].map((e) => e.classList[1]));
  assert.deepEqual(steps, Array(6).fill('succeeded'));
  await tab.tabTo('summary');
  await tab.press('Enter');
  await tab.until('the history is open', () => document.querySelector('.history tbody tr')?.checkVisibility());
  await tab.everywhere('a run that succeeded');

  const run = tab.address();
  await tab.goto(run);
  await tab.until('the outputs are there again', () => document.getElementById('outputs'));
  assert.ok((await tab.read(() => document.querySelector('main').innerText)).includes('hidden'), 'what is sensitive is hidden again');
  await tab.tabTo('nav a', 'Runs');
  await tab.press('Enter');
  await tab.until('the run is listed', () => document.querySelector('.runs td .succeeded'));
  assert.match(await tab.read(() => document.querySelector('.runs tbody a').textContent), /^Acme$/, 'a run is named by its title');
  await tab.everywhere('runs');
  await tab.tabTo('input[type=search]');
  await tab.type('no such');
  await tab.until('no run has the text', () => document.querySelector('main').innerText.includes('There are none.'));
  for (let i = 0; i < 'no such'.length; i++) await tab.press('Backspace');
  await tab.type('ACME');
  await tab.until('the run is found', () => document.querySelector('.runs td .succeeded'));

  expected.push('404');
  await tab.goto(`${base}#/runs/run_nothing`);
  await tab.until('it is said that there is no such run', () => document.querySelector('.problem'));
  await tab.everywhere('a run that is none');
});
