// The official WorkOS emulator on a free loopback port, with what a test needs
// around it: a log of every request, faults, and a world that changes while a
// capability polls it. Prints one line, {"url": ...}, once it listens, and
// leaves when its standard input closes, so it never outlives its test.
//
// Its inner modules are imported by path, since the package exports only a server
// without its store.
//
// The emulator is used as published, with one exception. It filters
// /directory_users by `directory_id`, where the API documents `directory`, and
// so answers the documented request with every tenant's users. In the mode
// "faithful" (the default) the documented name reaches it; "raw" leaves it be.
import { createServer } from './node_modules/workos/dist/emulate/core/index.js';
import { workosPlugin, getWorkOSStore } from './node_modules/workos/dist/emulate/workos/index.js';
import { serve } from '@hono/node-server';
import { Faults } from './faults.mjs';
import { World } from './world.mjs';

const { app, store, jwt } = createServer(workosPlugin, { port: 0, baseUrl: 'http://127.0.0.1' });
const world = new World(getWorkOSStore(store));
const faults = new Faults();
let log = [];
let mode = 'faithful';

const json = (value, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

// control answers the test's own requests, all under /_e2e/.
const control = {
  'GET /_e2e/log': () => json(log),
  'GET /_e2e/world': () => json(world.snapshot()),
  'POST /_e2e/reset': () => {
    world.reset();
    faults.reset();
    log = [];
    mode = 'faithful';
    return json({});
  },
  'POST /_e2e/mode': (body) => {
    mode = body.mode;
    return json({ mode });
  },
  'POST /_e2e/foreign': (body) => json(world.addForeignTenant(body)),
  'POST /_e2e/story': (body) => json(world.tell(body)),
  'POST /_e2e/fault': (body) => json(faults.add(body)),
  'POST /_e2e/release': () => json(faults.release()),
};

async function handle(request, env) {
  const url = new URL(request.url);
  const body = request.method === 'GET' || request.method === 'HEAD' ? '' : await request.text();
  const key = `${request.method} ${url.pathname}`;
  if (url.pathname.startsWith('/_e2e/')) {
    return control[key] ? control[key](body ? JSON.parse(body) : {}) : json({ message: `no control ${key}` }, 404);
  }
  log.push({ method: request.method, path: url.pathname, query: url.search.slice(1), body, headers: recorded(request) });
  world.look(key, url);
  const fault = faults.take(key);
  if (fault) return faults.apply(fault, env, (change) => emulate(request, url, body, change));
  return emulate(request, url, body);
}

// emulate passes the request to the emulator itself, its query replaced when a
// fault asks for that, and begins the story of an organization that it makes.
async function emulate(request, url, body, { search } = {}) {
  if (search !== undefined) url.search = search;
  if (mode === 'faithful' && /^\/directory_(users|groups)$/.test(url.pathname) && url.searchParams.has('directory')) {
    url.searchParams.set('directory_id', url.searchParams.get('directory'));
  }
  const answer = await app.fetch(new Request(url, { method: request.method, headers: request.headers, body: body || undefined }));
  if (request.method === 'POST' && url.pathname === '/organizations' && answer.status === 201) {
    world.begin((await answer.clone().json()).id);
  }
  return answer;
}

// recorded keeps the headers that tests ask about; the key itself stays out.
function recorded(request) {
  const h = request.headers;
  return {
    authorized: h.get('authorization') === 'Bearer sk_test_default',
    host: h.get('host'),
    userAgent: h.get('user-agent'),
    idempotencyKey: h.get('idempotency-key'),
    contentType: h.get('content-type'),
  };
}

const server = serve({ fetch: handle, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  jwt.issuer = `http://127.0.0.1:${port}`;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
process.stdin.resume();
process.stdin.on('end', () => {
  server.closeAllConnections?.();
  server.close(() => process.exit(0));
});
