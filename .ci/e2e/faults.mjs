// Faults: what a network and an API in trouble do to a request. A fault is
// {on: "GET /connections", kind, times?, after?}: it acts on `times` requests
// (default 1) after letting `after` of them pass.
import { setTimeout } from 'node:timers/promises';

const headers = { 'content-type': 'application/json', 'x-request-id': 'req_e2e_fault' };
const error = (status, body, extra = {}) =>
  new Response(JSON.stringify(body), { status, headers: { ...headers, ...extra } });

const kinds = {
  // The API says no.
  429: () => error(429, 'Ratelimited', { 'retry-after': '1' }),
  503: () => error(503, { message: 'Service Unavailable' }),
  401: () => error(401, { message: 'Unauthorized' }),
  404: () => error(404, { message: 'Organization not found.', code: 'entity_not_found' }),
  422: () =>
    error(422, {
      message: 'Validation failed',
      code: 'invalid_request_parameters',
      errors: [{ field: 'organization', code: 'organization_required' }],
    }),
  // The connection breaks before, or after, the request took effect.
  drop: (fault, env) => {
    env.incoming.socket.destroy();
    return new Promise(() => {});
  },
  lose: async (fault, env, emulate) => {
    await emulate();
    env.incoming.socket.destroy();
    return new Promise(() => {});
  },
  // The request takes effect, and the answer never comes.
  hang: async (fault, env, emulate) => {
    await emulate();
    return new Promise(() => {});
  },
  // The request waits, without effect, until the test lets it go; or for good.
  hold: async (fault, env, emulate) => {
    await fault.released;
    return emulate();
  },
  // The request is on its way for a while, and so is the answer.
  slow: async (fault, env, emulate) => {
    await setTimeout(fault.ms);
    const answer = await emulate();
    await setTimeout(fault.ms);
    return answer;
  },
  // The API ignores every filter, as a misspelt or undocumented one would be.
  unfiltered: (fault, env, emulate) => emulate({ search: '' }),
  // The answer is not what was promised.
  huge: () => new Response(hugeBody(50), { status: 200, headers }),
  'invalid-json': () => new Response('{"object": "list", "data": [', { status: 200, headers }),
  html: () =>
    new Response('<!doctype html><title>Sign in</title><p>Please sign in.', {
      status: 200,
      headers: { 'content-type': 'text/html', 'x-request-id': 'req_e2e_fault' },
    }),
  redirect: (fault) => new Response(null, { status: 307, headers: { location: fault.to } }),
};

// hugeBody is a valid JSON list whose first item is so many MiB of text.
function hugeBody(mebibytes) {
  const chunk = new TextEncoder().encode('x'.repeat(1024 * 1024));
  let left = mebibytes;
  return new ReadableStream({
    start: (c) => c.enqueue(new TextEncoder().encode('{"object":"list","list_metadata":{"before":null,"after":null},"data":[{"id":"')),
    pull(c) {
      if (left-- > 0) return c.enqueue(chunk);
      c.enqueue(new TextEncoder().encode('"}]}'));
      c.close();
    },
  });
}

export class Faults {
  #waiting = [];
  #released;
  #release;

  constructor() {
    this.reset();
  }

  // reset forgets the faults, and the requests that are held.
  reset() {
    this.#waiting = [];
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  // release lets every request go that is held, and those to come.
  release() {
    this.#release();
    return {};
  }

  add(fault) {
    if (!kinds[fault.kind]) throw new Error(`no fault ${fault.kind}`);
    this.#waiting.push({ times: 1, after: 0, released: this.#released, ...fault });
    return fault;
  }

  // take returns the fault that acts on this request, if one does.
  take(key) {
    const fault = this.#waiting.find((f) => f.on === key && f.times > 0);
    if (!fault) return undefined;
    if (fault.after > 0) {
      fault.after--;
      return undefined;
    }
    fault.times--;
    return fault;
  }

  apply(fault, env, emulate) {
    return kinds[fault.kind](fault, env, emulate);
  }
}
