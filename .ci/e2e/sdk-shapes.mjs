// Prints, as JSON, the requests that the official WorkOS Node SDK sends for a
// fixed set of calls: the oracle for operations/catalog/sdkshapes_test.go.
//
//   npm ci && node sdk-shapes.mjs > ../../operations/testdata/sdk-shapes.json
//   node sdk-shapes.mjs --check ../../operations/testdata/sdk-shapes.json
//
// With --check it compares with the file instead, and exits 1 with what differs:
// the SDK changed, or the calls below did and the file was not made anew.
//
// A recorder on loopback answers everything; nothing else is contacted. Headers
// are kept only where they carry meaning, credentials never.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { WorkOS } from '@workos-inc/node';

const organization = 'org_01';
const when = new Date('2026-11-01T10:00:00.000Z');

// Each entry is a name, which the Go test shares, and the call.
const calls = [
  ['organizations.create', (w) => w.organizations.createOrganization({
    name: 'Foo & Sons "Ünïted"', domainData: [{ domain: 'foo.example', state: 'pending' }], externalId: 'ext/1', metadata: { tier: 'gold' },
  })],
  ['organizations.list', (w) => w.organizations.listOrganizations({ domains: ['foo.example', 'bar.example'], limit: 2, after: 'org_00' })],
  ['organizations.get', (w) => w.organizations.getOrganization('org/01 ü')],
  ['portal.generateLink', (w) => w.adminPortal.generateLink({ organization, intent: 'sso', returnUrl: 'https://app.example/?a=b&c=d' })],
  ['connections.list', (w) => w.sso.listConnections({ organizationId: organization, connectionType: 'OktaSAML', limit: 10 })],
  ['directories.list', (w) => w.directorySync.listDirectories({ organizationId: organization, search: 'a+b c' })],
  ['directoryUsers.list', (w) => w.directorySync.listUsers({ directory: 'directory_01', limit: 5 })],
  ['directoryGroups.list', (w) => w.directorySync.listGroups({ directory: 'directory_01' })],
  ['users.list', (w) => w.userManagement.listUsers({ email: 'jo+tag@foo.example', organizationId: organization })],
  ['users.get', (w) => w.userManagement.getUser('user_01')],
  ['users.create', (w) => w.userManagement.createUser({ email: 'jo@foo.example', firstName: 'Jo', lastName: 'Ñ', emailVerified: true })],
  ['memberships.list', (w) => w.userManagement.listOrganizationMemberships({ organizationId: organization, statuses: ['active', 'pending'] })],
  ['memberships.create', (w) => w.userManagement.createOrganizationMembership({ organizationId: organization, userId: 'user_01', roleSlug: 'admin' })],
  ['auditLogs.createEvent', (w) => w.auditLogs.createEvent(organization, {
    action: 'user.signed_in', occurredAt: when, version: 1,
    actor: { id: 'user_01', type: 'user', name: 'Jo' }, targets: [{ id: 'team_01', type: 'team' }],
    context: { location: '192.0.2.1', userAgent: 'curl/8' }, metadata: { n: 1 },
  }, { idempotencyKey: 'key-1' })],
  ['auditLogs.createExport', (w) => w.auditLogs.createExport({
    organizationId: organization, rangeStart: when, rangeEnd: new Date('2026-11-02T10:00:00.000Z'), actions: ['user.signed_in'],
  })],
  ['auditLogs.getExport', (w) => w.auditLogs.getExport('audit_log_export_01')],
];

const kept = ['content-type', 'idempotency-key'];

// record starts a recorder that appends what it receives to seen.
function record(seen) {
  const server = http.createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const url = new URL(req.url, 'http://recorder');
    const query = {};
    for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
    const headers = Object.fromEntries(kept.filter((h) => req.headers[h]).map((h) => [h, req.headers[h]]));
    // The SDK's own retry key is random.
    if (headers['idempotency-key']?.startsWith('retry-')) headers['idempotency-key'] = 'retry-*';
    seen.push({ method: req.method, path: url.pathname, query, headers, body: body ? JSON.parse(body) : null });
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ object: 'list', data: [], list_metadata: {}, domains: [] }));
  });
  return new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server)));
}

// shapesNow makes every call and returns what was sent.
async function shapesNow() {
  const seen = [];
  const server = await record(seen);
  const workos = new WorkOS('sk_test_shapes', { apiHostname: '127.0.0.1', port: server.address().port, https: false });
  const shapes = [];
  for (const [name, call] of calls) {
    const before = seen.length;
    // The canned answer is not what every call expects to decode; only what was
    // sent counts.
    await call(workos).catch(() => {});
    if (seen.length !== before + 1) throw new Error(`${name} sent ${seen.length - before} requests, not one`);
    shapes.push({ call: name, ...seen.at(-1) });
  }
  server.close();
  return shapes;
}

// differences lists the calls whose shapes are not the same. The order of an
// object's members does not count.
function differences(kept, now) {
  const byCall = (shapes) => new Map(shapes.map((s) => [s.call, s]));
  const [old, current] = [byCall(kept), byCall(now)];
  const out = [];
  for (const name of new Set([...old.keys(), ...current.keys()])) {
    const [a, b] = [old.get(name), current.get(name)];
    if (!isDeepStrictEqual(a, b)) out.push(`${name}\n- ${JSON.stringify(a) ?? 'not kept'}\n+ ${JSON.stringify(b) ?? 'no longer called'}`);
  }
  return out;
}

const [mode, file, ...rest] = process.argv.slice(2);
if (mode !== undefined && (mode !== '--check' || file === undefined || rest.length > 0)) {
  console.error('usage: node sdk-shapes.mjs [--check FILE]');
  process.exit(2);
}
const shapes = await shapesNow();
if (mode === undefined) {
  console.log(JSON.stringify(shapes, null, 2));
  process.exit(0);
}
const drift = differences(JSON.parse(readFileSync(file, 'utf8')), shapes);
if (drift.length > 0) {
  console.error(`${file} is not what the SDK sends (- kept, + sent now); make it anew with: node sdk-shapes.mjs > ${file}\n\n${drift.join('\n\n')}`);
}
process.exit(drift.length > 0 ? 1 : 0);
