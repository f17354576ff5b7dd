// A headless browser for the checks of the page: one tab that notes every error
// the page makes, is used by keyboard, and is held to accessibility rules.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const patience = 30_000; // ms; whatever takes longer hangs

export class Tab {
  #page;
  #browser;
  #errors = [];
  #requests = [];

  // open starts the browser at executablePath. Nothing it does by itself is
  // wanted: no look for updates, no profile that is kept.
  static async open(executablePath) {
    const tab = new Tab();
    tab.#browser = await puppeteer.launch({
      executablePath,
      headless: true,
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    });
    tab.#page = await tab.#browser.newPage();
    tab.#page.setDefaultTimeout(patience);
    tab.#page.on('console', (m) => m.type() === 'error' && tab.#errors.push(`${m.text()} ${m.location()?.url ?? ''}`));
    tab.#page.on('pageerror', (e) => tab.#errors.push(e.message));
    tab.#page.on('request', (r) => tab.#requests.push(r.url()));
    return tab;
  }

  // look sets what the reader's device is like.
  async look({ width = 1100, height = 800, dark = false } = {}) {
    await this.#page.setViewport({ width, height, deviceScaleFactor: 1 });
    await this.#page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
  }

  async goto(address) {
    await this.#page.goto('about:blank'); // another fragment alone is no new visit
    await this.#page.goto(address, { waitUntil: 'networkidle2' });
  }

  address() { return this.#page.url(); }

  // until waits for a claim about the page to come true; it runs in the page.
  async until(what, claim, ...args) {
    await this.#page.waitForFunction(claim, { polling: 50 }, ...args).catch(async () => {
      assert.fail(`it never came about that ${what}; the page says:\n${await this.read(() => document.body.innerText)}`);
    });
  }

  read(script, ...args) { return this.#page.evaluate(script, ...args); }

  // tabTo presses Tab, as a reader without a mouse does, until the element that
  // a selector names has the focus; holding shows that the focus can be seen.
  async tabTo(selector, text = '') {
    for (let i = 0; i < 60; i++) {
      await this.#page.keyboard.press('Tab');
      const at = await this.#page.evaluate((s, t) => {
        const e = document.activeElement;
        const style = getComputedStyle(e);
        return { there: e.matches(s) && e.textContent.includes(t), seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none' };
      }, selector, text);
      if (!at.there) continue;
      assert.ok(at.seen, `nothing shows that ${selector} has the focus`);
      return;
    }
    assert.fail(`${selector} cannot be reached with the Tab key`);
  }

  press(key) { return this.#page.keyboard.press(key); }

  type(text) { return this.#page.keyboard.type(text); }

  // accessible holds what is shown to the rules of WCAG 2.1 AA and to axe's best
  // practices, and to fitting the width of the window.
  async accessible(name) {
    await this.#page.evaluate(axe);
    const { violations } = await this.#page.evaluate(() =>
      globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
    const found = violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
    assert.deepEqual(found, [], name);
    const over = await this.#page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} is ${over} pixels wider than its window`);
    console.log(`ok    ${name}`);
  }

  // everywhere is accessible on a desk, in the dark, and on a phone.
  async everywhere(name) {
    await this.look();
    await this.accessible(`${name}, light`);
    await this.look({ dark: true });
    await this.accessible(`${name}, dark`);
    await this.look({ width: 390, height: 844 });
    await this.accessible(`${name}, phone`);
    await this.look();
  }

  // close ends the browser and returns the errors of the page that are none of
  // the expected ones, and the requests that left the server's own address.
  async close(base, expected = []) {
    await this.#browser.close();
    return {
      errors: this.#errors.filter((e) => !expected.some((x) => e.includes(x))),
      strangers: this.#requests.filter((u) => !u.startsWith(base) && !/^(about|blob|data):/.test(u)),
    };
  }
}

// checking runs a script with a tab of its own.
export async function checking(script) {
  const [base, executable] = process.argv.slice(2);
  assert.ok(base && executable, 'usage: node SCRIPT.mjs BASE-URL CHROMIUM');
  const tab = await Tab.open(executable);
  const expected = [];
  try {
    await script(tab, base, expected);
  } finally {
    const { errors, strangers } = await tab.close(base, expected);
    if (errors.length) console.error('the page made errors:', errors);
    if (errors.length || strangers.length) process.exitCode = 1;
    if (strangers.length) console.error('the page asked others:', strangers);
  }
}
