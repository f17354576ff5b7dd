// Walks the page without a mouse: a capability is started from its form, the
// step that waits for a person is finished, and the run is seen to succeed, with
// its time line; runs are found by their filters, which a link shares. Every view
// on the way is held to accessibility rules.
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
  const bars = () => [...document.querySelectorAll('table.line tbody tr')].map((row) =>
    [row.querySelector('th').textContent, ...[...row.querySelectorAll('.bar')].map((b) => b.classList[1])].join(' '));
  await tab.until('the time line shows that it waits', () => document.querySelector('.line .bar.person'));
  assert.deepEqual(await tab.read(bars), [
    'create-organization sent', 'generate-admin-portal-link sent', 'send-portal-link person', 'poll-connection-active', 'verify-directory', 'verify-directory-users',
  ]);
  assert.match(await tab.read(() => document.querySelector('.line .axis').innerText), /now$/m, 'the axis of a run that goes on ends now');
  const about = await tab.read(() => document.querySelector('main').innerText);
  for (const shown of ['acme.org', 'it@acme.com', 'a mock answers in place of the APIs']) assert.ok(about.includes(shown), `the run shows ${shown}`);
  await tab.tabTo('summary', 'Each sending');
  await tab.press('Enter');
  await tab.until('each wait stands there in words', () => document.querySelector('details[open] table')?.innerText.includes('waits for a person'));
  await tab.everywhere('a run that waits');

  const link = () => document.querySelector('.todo dd a')?.href ?? '';
  assert.equal(await tab.read(link), '', 'the link lets whoever holds it in: it is hidden');
  assert.ok(!(await tab.read(() => document.body.innerText)).includes('https://'), 'no link is shown');
  await tab.tabTo('.todo button', 'Show');
  await tab.press('Enter');
  await tab.until('the link is shown to who asks', () => document.querySelector('.todo dd a')?.href.startsWith('https://'));

  await tab.tabTo('#result');
  await tab.type('sent');
  await tab.tabTo('.todo .primary', 'Mark as done');
  await tab.press('Enter');
  await tab.until('the run succeeds', () => document.querySelector('.head .status')?.classList.contains('succeeded'));
  await tab.until('it is told to who listens', () => document.getElementById('said').textContent.includes('succeeded'));
  const steps = await tab.read(() => [...document.querySelectorAll('.steps .status')].map((e) => e.classList[1]));
  assert.deepEqual(steps, Array(6).fill('succeeded'));
  await tab.until('every step is in the time line', () => document.querySelectorAll('table.line tbody tr:has(.bar)').length === 6);
  assert.equal((await tab.read(bars)).find((row) => row.startsWith('poll')), 'poll-connection-active poll');
  await tab.tabTo('summary', 'History');
  await tab.press('Enter');
  await tab.until('the history is open', () => [...document.querySelectorAll('.history')].at(-1).querySelector('tbody tr')?.checkVisibility());
  const history = await tab.read(() => [...document.querySelectorAll('.history')].at(-1).innerText);
  assert.match(history, /marked as done/);
  assert.ok(!/step-|intent|not-before/.test(history), `a history is in words of people, not: ${history}`);
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

  // Runs with labels, found by them and by their inputs.
  for (const customer of ['Acme', 'Initech']) {
    await tab.read(async (name) => {
      const answer = await fetch('capabilities/b2b-enterprise-onboarding/runs', {
        method: 'POST', headers: { 'Content-Type': 'application/json', Prefer: 'wait=20' },
        body: JSON.stringify({ inputs: { organization_name: name, domains: [name.toLowerCase() + '.example'], admin_email: 'it@example.com' }, labels: { customer: name, env: 'test' } }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    }, customer);
  }
  const shows = (n) => tab.until(`${n} runs are listed`, (n) => !document.querySelector('table.runs')?.hidden && document.querySelectorAll('table.runs tbody tr').length === n, n);
  await tab.goto(`${base}#/runs`);
  await shows(3);
  await tab.tabTo('.filters summary');
  await tab.press('Enter');
  await tab.tabTo('[aria-label="Label name"]');
  await tab.type('customer');
  await tab.tabTo('[aria-label="Label value"]');
  await tab.type('Initech');
  await tab.press('Enter');
  await shows(1);
  await tab.until('how many are found is told to who listens', () => document.getElementById('said').textContent === '1 run');
  await tab.tabTo('[aria-label="Input name"]');
  await tab.type('domains');
  await tab.tabTo('[aria-label="Input value"]');
  await tab.type('initech.example');
  await tab.press('Enter');
  await tab.until('the address has the filters', () => location.hash === '#/runs?label=customer%3AInitech&input=domains%3Ainitech.example');
  await shows(1);
  await tab.everywhere('runs with filters');
  const shared = tab.address();
  await tab.goto(`${base}#/`);
  await tab.goto(shared);
  await shows(1);
  assert.deepEqual(await tab.read(() => [...document.querySelectorAll('.chip button')].map((b) => b.getAttribute('aria-label'))),
    ['Remove the filter label customer: Initech', 'Remove the filter input domains: initech.example'], 'a link shows what was shared');
  await tab.tabTo('.chip button');
  await tab.press('Enter');
  await tab.tabTo('.chip button');
  await tab.press('Enter');
  await shows(3);
  assert.ok(!tab.address().includes('?'), 'the address is without filters');
  await tab.read(() => history.back());
  await shows(1);
  await tab.goto(`${base}#/runs?since=2026-05-22&waiting=send-portal-link&status=waiting`);
  await shows(2);
  assert.deepEqual(await tab.read(() => ['since', 'waiting'].map((name) => document.getElementsByName(name)[0].value)), ['2026-05-22', 'send-portal-link']);
  await tab.goto(`${base}#/runs?since=2099-01-01T10:00:00Z`);
  await tab.until('no run is that new', () => document.querySelector('main').innerText.includes('There are none.'));
  assert.equal(await tab.read(() => document.querySelector('.chip').textContent), 'since 2099-01-01T10:00:00Z×', 'a time that is no day is shown, too');
  expected.push('400');
  await tab.goto(`${base}#/runs?lable=customer:Acme`);
  await tab.until('a filter that is none is named', () => document.querySelector('.problem')?.innerText.includes('"lable"'));

  // The runs of a capability, on its own page.
  await tab.goto(`${base}#/capabilities/b2b-enterprise-onboarding?label=customer:Acme`);
  await shows(1);
  await tab.everywhere('the runs of a capability');
  await tab.tabTo('table.runs a', 'Acme');
  await tab.press('Enter');
  await tab.until('the run is shown, with its labels', () => document.querySelector('.chips')?.innerText.includes('env: test'));
  await tab.tabTo('dd a', 'b2b-enterprise-onboarding');
  await tab.press('Enter');
  await tab.until('its capability is shown', () => document.querySelector('h1')?.textContent === 'B2B Enterprise Onboarding');
  await shows(3);

  // A list keeps its focus while it brings itself up to date.
  await tab.tabTo('table.runs a', 'Acme');
  await tab.read(() => fetch(document.activeElement.href.replace(/.*#/, '').slice(1) + '/cancel', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }));
  await tab.until('the run is cancelled', () => document.querySelector('table.runs .cancelled'));
  assert.match(await tab.read(() => document.activeElement.textContent), /Acme/, 'the focus stays');

  expected.push('404');
  await tab.goto(`${base}#/runs/run_nothing`);
  await tab.until('it is said that there is no such run', () => document.querySelector('.problem'));
  await tab.everywhere('a run that is none');
});
