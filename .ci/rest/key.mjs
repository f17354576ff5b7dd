// The page of a server that asks for keys: a wrong key is refused, a right one
// opens everything, and it is kept nowhere.
//
//   KEY=... node key.mjs BASE-URL CHROMIUM
import assert from 'node:assert/strict';
import { checking } from './browser.mjs';

const { KEY } = process.env;

await checking(async (tab, base, expected) => {
  expected.push('401');
  const open = () => document.getElementById('key-dialog').open;
  await tab.look();
  await tab.goto(base);
  await tab.until('a key is asked for', open);
  assert.equal(await tab.read(() => document.activeElement.id), 'key', 'the field has the focus');
  assert.equal(await tab.read(() => document.querySelector('main').innerText.trim()), '', 'nothing is shown before');
  await tab.everywhere('the key dialog');

  await tab.press('Escape');
  await tab.press('Escape');
  await tab.until('the dialog is there again: there is no way around it', open);
  await tab.type('not-the-key');
  await tab.press('Enter');
  await tab.until('the wrong key is refused', () => document.getElementById('key-why').textContent.includes('does not know') && document.getElementById('key-dialog').open);
  await tab.type(KEY);
  await tab.press('Enter');
  await tab.until('the capabilities are shown', () => document.querySelector('.capabilities a') && !document.getElementById('key-dialog').open);

  await tab.tabTo('.capabilities a');
  await tab.press('Enter');
  await tab.until('the drawing is there, which needs the key too', () => document.images.length > 1 && [...document.images].every((i) => i.naturalWidth > 0));
  const kept = await tab.read(async () => ({
    storage: localStorage.length + sessionStorage.length + document.cookie.length + (await indexedDB.databases()).length + (await caches.keys()).length,
    address: location.href, markup: document.documentElement.outerHTML,
  }));
  assert.equal(kept.storage, 0, 'nothing is stored in the browser');
  assert.ok(!(kept.address + kept.markup).includes(KEY), 'the key stands nowhere in the page');
  await tab.goto(base);
  await tab.until('a page that is loaded anew asks again', open);
  console.log('ok    keys');
});
