// Loads the built extension with a stand-in for the module `vscode`, and wants the
// problems of a broken file from the server that it starts. CAPSTAN is the binary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Module, { createRequire } from 'node:module';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const binary = process.env.CAPSTAN || 'capstan';
const broken = 'name: Moor\nspecification: Naftiko Capability Composition\nstps: []\n';

// standIn is the module as far as the client asks it: what is not listed is a class that
// does nothing.
function standIn(document, published) {
  const nothing = { dispose() {} };
  const event = () => () => nothing;
  const collection = { set: (uri, problems) => published(uri, problems), delete() {}, clear() {}, dispose() {} };
  class Plain { constructor(...given) { this.given = given; } }
  const uri = (text) => ({ toString: () => text, fsPath: new URL(text).pathname, scheme: 'file', path: new URL(text).pathname });
  const open = (parts, rest = {}) => new Proxy({ ...parts }, { get: (all, name) => (name in all ? all[name] : rest[name] ?? (/^on/.test(String(name)) ? event() : () => nothing)) });
  const known = {
    Uri: Object.assign(class Uri {}, { parse: uri, file: (path) => uri(pathToFileURL(path).href) }),
    EventEmitter: class { event = event(); fire() {} dispose() {} },
    Range: class { constructor(a, b, c, d) { this.start = { line: a, character: b }; this.end = { line: c, character: d }; } },
    Diagnostic: class { constructor(range, message, severity) { Object.assign(this, { range, message, severity }); } },
    DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
    CancellationTokenSource: class { token = { isCancellationRequested: false, onCancellationRequested: event() }; cancel() {} dispose() {} },
    version: '1.82.0',
    env: { appName: 'test', language: 'en' },
    workspace: open({
      textDocuments: [document], workspaceFolders: [], notebookDocuments: [],
      getConfiguration: () => ({ get: (name) => ({ path: binary, args: [] })[name] }),
      createFileSystemWatcher: () => open({}),
    }),
    languages: open({ match: (selector) => (selector.some?.((s) => s.language === 'yaml') ?? true ? 10 : 0), createDiagnosticCollection: () => collection }),
    window: open({ visibleTextEditors: [{ document }], tabGroups: open({ all: [] }), createOutputChannel: () => ({ append() {}, appendLine() {}, show() {}, dispose() {} }), showErrorMessage: (text) => assert.fail(text) }),
    commands: open({}),
    extensions: open({}),
  };
  return new Proxy(known, { get: (all, name) => (name in all ? all[name] : (all[name] = Object.assign(class extends Plain {}, {}))) });
}

test('the built extension starts the server, and shows its problems', { timeout: 60_000 }, async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'capstan-')), 'moor.yaml');
  writeFileSync(path, broken);
  const text = pathToFileURL(path).href;
  const document = { uri: { toString: () => text, fsPath: path, scheme: 'file', path }, languageId: 'yaml', version: 1, getText: () => broken, isClosed: false };
  let shown;
  const problems = new Promise((resolve) => { shown = resolve; });
  const vscode = standIn(document, (uri, list) => shown({ uri: uri.toString(), list }));
  const load = Module._load;
  Module._load = (name, ...rest) => (name === 'vscode' ? vscode : load(name, ...rest));
  const extension = require('../dist/extension.js');
  await extension.activate({ subscriptions: [] });
  const { uri, list } = await problems;
  assert.equal(uri, text);
  assert.match(list.map((d) => d.message).join('\n'), /unknown key "stps"/);
  assert.equal(list[0].source, 'capstan');
  await extension.deactivate();
});
