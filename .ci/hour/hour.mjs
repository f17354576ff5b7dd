// A newcomer's hour with Capstan, in a terminal and in a browser: the commands of the
// README and the docs, and what people do wrong. The screens and the exit codes must
// be right, in a wide terminal and in a narrow one.
//
//   node hour.mjs CAPSTAN CLONE [CHROMIUM]     without CHROMIUM the browser is left out
//
// CLONE is a checkout, CAPSTAN the binary built of it. Needs tmux, and `npm ci` in
// .ci/rest. Nothing leaves the machine. PARTS=WORDS leaves out the parts of the terminal
// that do not have the words in their names.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { printShop } from './api.mjs';
import { Terminal, wants } from './terminal.mjs';

const [capstan, clone, chromium] = process.argv.slice(2);
assert.ok(capstan && clone, 'usage: node hour.mjs CAPSTAN CLONE [CHROMIUM]');
const scratch = mkdtempSync(join(tmpdir(), 'hour-'));
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)}s  ${text}`);
const skipped = (what, why) => say(`NOT RUN  ${what}: ${why}`);

mkdirSync(join(scratch, 'bin'));
symlinkSync(resolve(capstan), join(scratch, 'bin', 'capstan'));

// newcomer returns the environment of somebody who has just come.
function newcomer(name) {
  const home = join(scratch, name);
  mkdirSync(home);
  return { HOME: home, PATH: `${join(scratch, 'bin')}:${process.env.PATH}` };
}

// quietly executes a command without a terminal, and returns its output.
function quietly(env, command, code = 0) {
  const ran = spawnSync('bash', ['-c', command], { cwd: clone, env, encoding: 'utf8' });
  assert.equal(ran.status, code, `exit code of ${command}\n${ran.stdout}${ran.stderr}`);
  assert.ok(!(ran.stdout + ran.stderr).includes('\x1b'), `colours in a pipe: ${command}`);
  return ran.stdout + ran.stderr;
}

// latest is the id of the newest run.
const latest = (env, ...flags) => JSON.parse(quietly(env, `capstan runs list -o json --limit 1 ${flags.join(' ')}`))[0].run;

const onboarding = 'capabilities/workos/b2b-enterprise-onboarding.yaml';
const acme = '-i organization_name=Acme -i domains=acme.com -i admin_email=it@acme.com';

// firstRun is the README's first command, with what it prints.
async function firstRun(person, env) {
  const readme = readFileSync(join(clone, 'README.md'), 'utf8');
  const [, command, output] = /^\$ go run \.\/cmd\/(capstan run .*)\n([^]*?)\n\$/m.exec(readme);
  const shown = await person.runs(command, 0);
  quietly(env, command);
  for (const line of output.split('\n')) {
    for (const part of line.split('...').map((p) => p.trim().replaceAll(/\s+/g, ' ')).filter(Boolean)) wants(shown, part, command);
  }
}

// lookedUp is read before anything runs.
async function lookedUp(person, env) {
  await person.runs('capstan', 2, 'Commands:', 'capstan plan');
  await person.runs('capstan run --help', 0, 'Every run is kept', '--mock');
  await person.runs(`capstan plan ${onboarding}`, 0, 'used by create-organization', 'admin_portal_link', 'nothing was sent');
  await person.runs(`capstan validate ${onboarding} --no-overlay`, 3, 'did you mean "PortalSessionsController_create"?', '[unscoped-list]');
  await person.runs('capstan explain unscoped-list', 0, "returns every tenant's data");
  quietly(env, `capstan run --help; capstan capabilities; capstan plan ${onboarding}; capstan explain`);
}

// manyRuns is a morning's work, and its list.
async function manyRuns(person, env) {
  const count = 500;
  const start = Date.now();
  quietly(env, `seq ${count} | xargs -P 2 -I{} capstan run ${onboarding} --mock -q -i organization_name=Customer-{} -i domains=c{}.example -i admin_email=it@c{}.example --done send-portal-link >/dev/null`);
  say(`      ${count} runs in ${((Date.now() - start) / 1000).toFixed(1)}s`);
  const listed = await person.runs(`capstan runs list --search customer-${count - 1}`, 0, `Customer-${count - 1}`, 'succeeded');
  assert.equal(listed.match(/run_/g).length, 1, listed);
  await person.runs('capstan runs list --input domains=c7.example --since 1h', 0, 'Customer-7');
  await person.runs('capstan runs list --search c1000.example', 0, 'no runs');
  assert.equal(JSON.parse(quietly(env, 'capstan runs list -o json --limit 1000 --status succeeded --search customer-')).length, count);
}

// wrongInputs are refused before anything is sent, with what to write instead.
async function wrongInputs(person, env, shop) {
  await person.runs(`capstan run ${onboarding} --mock -i organisation_name=Acme -i domains=acme.com -i admin_email=it@acme.com`, 4,
    '1 problem with the inputs; nothing was sent', 'did you mean "organization_name"?');
  await person.runs(`capstan run ${onboarding} --mock -i organization_name=Acme -i domains=acme.com`, 4,
    'input "admin_email" (string) is missing: write -i admin_email=VALUE');
  await person.runs(`capstan run ${onboarding} --mock organization_name=Acme`, 2, 'an input is given with -i');
  await person.runs(`capstan run ${onboarding} --mock -i organization_name=Acme -i domains=a.com,b.com -i admin_email=it@acme.com`, 4,
    '-i domains=a.com -i domains=b.com', `-i domains:='["a.com,b.com"]'`);
  await person.runs(`capstan run ${onboarding} ${acme}`, 4, '1 credential is missing; nothing was sent', 'WORKOS_API_KEY', '--mock');
  const print = `capstan run .ci/hour/prints.yaml --base-url ${shop.url} -i customer=Acme`;
  await person.runs(`${print} -i reference=PO-1 -i size=huge -i copies=many`, 4,
    '3 problems with the inputs; nothing was sent', '("small", "medium", "large")', '^PO-[0-9]{4}$', '"many" is no integer');
  await person.runs(`${print} -i reference=PO-0001 -i size=Large -i copies=21`, 4, 'did you mean "large"?', 'at most 20');
  await person.runs(`capstan run ${onboarding.replace('onboarding', 'onbording')} --mock`, 3, 'did you mean');
  await person.runs('capstan rn', 2, 'did you mean "capstan run"?');
  await person.runs('capstan runs list --status wating', 2, 'in_doubt');
  await person.runs('capstan runs show nosuch', 2, 'capstan runs list');
  assert.equal(shop.done.orders, 0, 'nothing was sent');
  quietly(env, 'test ! -e ~/.local/state/capstan/capstan.db || test "$(capstan runs list -o json --search acme)" = "[]"');
}

// noNetwork is a server that cannot be reached.
async function noNetwork(person) {
  await person.runs('export WORKOS_API_KEY=sk_none', 0);
  await person.starts(`capstan run ${onboarding} ${acme} --base-url https://workos.invalid`);
  const shown = await person.ended(1);
  wants(shown, 'workos.invalid', 'no network');
  wants(shown, 'capstan resume run_', 'no network');
}

// interrupted is Ctrl-C at the question, and everything that may follow it.
async function interrupted(person, env) {
  await person.starts(`capstan run ${onboarding} --mock ${acme} --label env=prod`);
  await person.sees('done? ');
  person.keys('C-c');
  const shown = await person.ended(130);
  const run = latest(env, '--label', 'env=prod');
  for (const command of [`capstan resume ${run}`, `capstan runs cancel ${run}`]) assert.match(shown, new RegExp(`^ *${command}$`, 'm'));
  await person.runs('capstan runs list --label env=prod --status running,waiting', 0, run);
  await person.runs(`capstan runs show ${run}`, 0, run, 'send-portal-link', 'about to send OrganizationsController_create');

  await person.starts(`capstan resume ${run}`);
  await person.sees('Email the Admin Portal link');
  await person.sees('done? ');
  person.answer('what');
  await person.sees('please answer y');
  person.answer('w');
  const again = await elsewhere(person, env, run);
  wants(again, 'succeeded', 'finished elsewhere');
  await person.ended(0);
  await person.runs(`capstan resume ${run}`, 0, 'organization_id');
}

// elsewhere finishes the step of a run that another process stays with.
async function elsewhere(person, env, run) {
  await person.sees('Ctrl-C leaves');
  wants(quietly(env, `capstan resume ${run}`, 1), 'another process drives the run', 'two at once');
  quietly(env, `capstan resume ${run} --done send-portal-link`);
  await person.sees('admin_portal_link');
  return quietly(env, `capstan runs list --label env=prod`);
}

// corrected is an input that was wrong in a way that nothing could see.
async function corrected(person, env, shop) {
  const waits = `capstan run .ci/hour/prints.yaml --base-url ${shop.url} --non-interactive -i customer=Initech -i reference=PO-0001 -i size=large`;
  await person.runs(`${waits} -i copies=2`, 5, 'Look at the proof', '--done look-at-proof');
  const run = latest(env, '--search', 'initech');
  await person.runs(`capstan resume ${run} -i customer=Other --non-interactive`, 4, 'step "order"', 'start another');
  await person.runs(`capstan resume ${run} -i copies=21 --non-interactive`, 4, 'at most 20');
  await person.runs(`capstan resume ${run} -i copies=3 --non-interactive`, 5, '--done look-at-proof');
  await person.runs(`capstan resume ${run} --done look-at-prof`, 2, 'look-at-proof');
  await person.runs(`capstan resume ${run} --done look-at-proof`, 0, 'bill_');
  await person.runs(`capstan runs show ${run}`, 0, 'copies 3', 'inputs corrected');
}

// retried is a step that the API refuses once.
async function retried(person, env, shop) {
  const print = `capstan run .ci/hour/prints.yaml --base-url ${shop.url} --done look-at-proof -i reference=PO-0002 -i size=small`;
  await person.runs(`${print} -i customer=Globex -i copies=7`, 1, 'there is no paper', 'capstan resume run_');
  const run = latest(env, '--status failed');
  await person.runs(`capstan runs list --status failed --since 1h --search globex`, 0, run, 'failed', 'Globex');
  await person.runs(`capstan resume ${run}`, 0, 'goes on after order', 'bill_');
}

// settled is a write whose answer was lost: settled both ways, and a wrong one
// taken back.
async function settled(person, env, shop) {
  const print = `capstan run .ci/hour/prints.yaml --base-url ${shop.url} --done look-at-proof -i reference=PO-0003 -i size=small`;
  const jobs = shop.done.jobs;
  await person.runs(`${print} -i customer=Hooli -i copies=8`, 5, '--happened=', '--did-not-happen');
  let run = latest(env, '--status in_doubt');
  await person.runs(`capstan runs show ${run}`, 0, 'in doubt');
  await person.runs(`capstan resume ${run}`, 5, 'runs resolve');
  assert.equal(shop.done.jobs, jobs + 1, 'a write in doubt is not sent again');
  await person.runs(`capstan runs resolve ${run} print --happened`, 2, 'needs "id"', "--happened='{...}'");
  await person.runs(`capstan runs resolve ${run} order --did-not-happen`, 2, 'print');
  await person.runs(`capstan runs resolve ${run} print --did-not-happen`, 0, `capstan resume ${run}`);
  await person.runs(`capstan runs resolve ${run} print --happened='{"id": "job_0"}'`, 0, `capstan resume ${run}`);
  await person.runs(`capstan resume ${run}`, 0, 'job_0', 'bill_');
  assert.equal(shop.done.jobs, jobs + 1, 'the settlement that was taken back sent nothing');
  await person.runs(`capstan runs show ${run}`, 0, 'settled');

  await person.runs(`${print} -i customer=Pied-Piper -i copies=8`, 5);
  run = latest(env, '--status in_doubt');
  await person.runs(`capstan runs resolve ${run} print --did-not-happen`, 0);
  await person.runs(`capstan resume ${run}`, 0, 'bill_');
  assert.equal(shop.done.jobs, jobs + 3, 'what did not happen was sent again');
}

// outOfTime is a run whose time is up while it waits.
async function outOfTime(person, env) {
  await person.runs(`capstan run ${onboarding} --mock ${acme} --non-interactive --wait --timeout 1s`, 6, 'capstan resume run_');
  const run = latest(env, '--status timed_out');
  await person.runs(`capstan resume ${run} --done send-portal-link --timeout 1m`, 0, 'organization_id');
}

// endedForGood cancels a run and forgets what is over.
async function endedForGood(person, env) {
  await person.runs(`capstan run ${onboarding} --mock --non-interactive ${acme}`, 5);
  const run = latest(env, '--status waiting');
  await person.runs(`capstan runs cancel ${run}`, 0, 'cancelled');
  await person.runs(`capstan resume ${run}`, 1, 'was cancelled');
  await person.runs('capstan runs prune --older-than 5', 2, '5d for days');
  await person.runs('capstan runs prune --older-than 1h --dry-run', 0, '0 runs would be forgotten');
  quietly(env, 'capstan runs prune --older-than 1ms --dry-run');
  for (const [answer, texts] of [['n', ['nothing was changed']], ['y', [/\d+ runs? forgotten/]]]) {
    await person.starts('capstan runs prune --older-than 1ms');
    await person.sees(/forget \d+ runs?\? \[y\/N\]/);
    person.answer(answer);
    const shown = await person.ended(0);
    for (const text of texts) wants(shown, text, 'prune');
  }
  await person.runs('capstan runs list --status succeeded,failed,cancelled', 0, 'no runs');
}

// fullDisk keeps runs where there is no room for them.
async function fullDisk(person) {
  const small = join(scratch, 'small');
  mkdirSync(small, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small], { encoding: 'utf8' });
  if (mounted.status !== 0) return skipped('a full disk', `a small tmpfs cannot be mounted: ${mounted.stderr?.trim() || mounted.error?.message}`);
  try {
    chmodSync(small, 0o700);
    const shown = await person.runs(`capstan run ${onboarding} --mock ${acme} --state ${small} --done send-portal-link`, 1);
    wants(shown, 'the disk is full', 'a full disk');
    assert.ok(!shown.includes('capstan resume'), `a run that is not kept is to be resumed:\n${shown}`);
  } finally {
    execFileSync('umount', [small]);
  }
}

// reported opens the report of a run in a browser.
async function reported(person, env, Tab) {
  const run = latest(env, '--status succeeded');
  const file = join(env.HOME, 'report.html');
  await person.runs(`capstan runs report ${run}`, 2, '-o FILE');
  await person.runs(`capstan runs report ${run} -o ~/report.html`, 0, 'report.html');
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(run), 'the report names its run');
  if (!Tab) return;
  const tab = await Tab.open(chromium);
  try {
    await tab.look();
    await tab.goto(`file://${file}`);
    await tab.until('the report shows its run', (id) => document.body.innerText.includes(id), run);
    await tab.everywhere('      the report of a run');
  } finally {
    assert.deepEqual(await tab.close('file:'), { errors: [], strangers: [] });
  }
}

// inBrowser is the page of a server, by keyboard alone: a wrong value, the right one, a
// person's step, a failure, another try, a search.
async function inBrowser(Tab) {
  const env = newcomer('browser');
  const shop = await printShop();
  const server = spawn('capstan', ['serve', '.ci/hour/prints.yaml', '--base-url', shop.url, '--rest', '127.0.0.1:0'], { cwd: clone, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(server, 'exit');
  const tab = await Tab.open(chromium);
  let base = '';
  try {
    base = await announced(server);
    await tab.look();
    await tab.goto(base);
    await tab.until('the capability is listed', () => document.querySelector('.capabilities a'));
    await tab.tabTo('.capabilities a', 'Prints');
    await tab.press('Enter');
    await tab.until('its form is shown', () => document.querySelector('form button'));
    await tab.tabTo('form input');
    await tab.type('Umbrella');
    await tab.tabTo('form input');
    await tab.type('PO-1');
    await tab.tabTo('form select');
    await tab.type('small');
    await tab.tabTo('form input');
    await tab.type('7');
    await tab.press('Enter');
    await tab.until('the wrong value is marked and has the focus', () => document.activeElement.getAttribute('aria-invalid') === 'true' && document.activeElement.value === 'PO-1');
    assert.equal(shop.done.orders, 0, 'nothing was sent');
    await tab.everywhere('a value that the API would refuse');
    for (const _ of 'PO-1') await tab.press('Backspace');
    await tab.type('PO-0007');
    await tab.press('Enter');
    await tab.until('the run waits for a person', () => document.querySelector('.todo'));
    await tab.tabTo('.todo .primary');
    await tab.press('Enter');
    await tab.until('the run fails, with the reason', () => document.querySelector('.problem')?.innerText.includes('there is no paper'));
    await tab.everywhere('a run that failed');
    await tab.tabTo('.problem .primary');
    await tab.press('Enter');
    await tab.until('the run succeeds', () => document.querySelector('.head .status')?.classList.contains('succeeded'));
    assert.deepEqual(shop.done, { orders: 1, jobs: 1, bills: 1 }, 'nothing was done twice');
    await tab.tabTo('nav a', 'Runs');
    await tab.press('Enter');
    await tab.until('the run is listed', () => document.querySelector('.runs td .succeeded'));
    await tab.tabTo('input[type=search]');
    await tab.type('umbrellas');
    await tab.until('no run has the text', () => document.querySelector('main').innerText.includes('There are none.'));
    await tab.press('Backspace');
    await tab.until('the run is found', () => document.querySelector('.runs td .succeeded'));
    await tab.everywhere('runs that were searched');
  } finally {
    const { errors, strangers } = await tab.close(base, ['422']);
    server.kill('SIGTERM');
    await ended;
    shop.close();
    assert.deepEqual({ errors, strangers }, { errors: [], strangers: [] });
  }
  assert.equal(server.exitCode, 0, 'exit code of a server that is stopped');
  say('ok    browser: the whole way by keyboard');
}

// announced is the address of the page that a server prints when it is ready.
async function announced(server) {
  let text = '';
  for await (const part of server.stderr.setEncoding('utf8')) {
    text += part;
    const page = /(http:\/\/127\.0\.0\.1:\d+\/)(?!\w)/.exec(text);
    if (page) {
      server.stderr.on('data', () => {}); // what follows is not needed
      return page[1];
    }
  }
  assert.fail(`the server ended: ${text}`);
}

// inColumns is the hour in a terminal of a width.
async function inColumns(width, Tab) {
  const env = newcomer(`columns-${width}`);
  const shop = await printShop();
  const person = new Terminal(width, clone, env);
  const only = process.env.PARTS;
  try {
    const part = async (name, act) => {
      if (only && !name.includes(only)) return;
      await act();
      say(`ok    ${width} columns: ${name}`);
    };
    await part('help, a plan, problems and their explanation', () => lookedUp(person, env));
    await part('wrong inputs, a missing key, typing errors', () => wrongInputs(person, env, shop));
    await part('the first run', () => firstRun(person, env));
    if (width > 100) await part('five hundred runs, found again', () => manyRuns(person, env));
    await part('Ctrl-C, resumed, finished from another shell', () => interrupted(person, env));
    await part('an input corrected', () => corrected(person, env, shop));
    await part('a failed run retried', () => retried(person, env, shop));
    await part('a write in doubt settled', () => settled(person, env, shop));
    await part('the report of a run', () => reported(person, env, Tab));
    await part('no network', () => noNetwork(person));
    await part('out of time', () => outOfTime(person, env));
    await part('cancelled, pruned', () => endedForGood(person, env));
    await part('a full disk', () => fullDisk(person));
  } finally {
    person.close();
    shop.close();
  }
}

try {
  const Tab = chromium ? (await import('../rest/browser.mjs')).Tab : undefined;
  if (!Tab) skipped('the page and the report in a browser', 'there is none');
  await inColumns(120, Tab);
  await inColumns(60, Tab);
  if (Tab) await inBrowser(Tab);
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
