// World changes what the emulator holds, as the people and systems around an
// API would: another tenant has data of its own, and after the portal link the
// customer's administrator connects an identity provider in their own time.

const defaults = {
  // How many looks at /connections the new organization has none, and how
  // many the one it gets stays short of active.
  looksUntilConnection: 1,
  looksUntilActive: 2,
  // The state the connection comes to, and the directory's.
  connectionState: 'active',
  directoryState: 'linked',
  users: 2,
};

export class World {
  #store;
  #story;
  #organizations;
  #foreign;

  constructor(store) {
    this.#store = store;
    this.#begin();
  }

  reset() {
    for (const collection of Object.values(this.#store)) collection.clear();
    this.#begin();
  }

  #begin() {
    this.#story = { ...defaults };
    this.#organizations = new Map(); // id -> looks at /connections so far
    this.#foreign = false;
  }

  // tell changes the story of the organizations created from now on.
  tell(changes) {
    Object.assign(this.#story, changes);
    return this.#story;
  }

  // addForeignTenant gives somebody else an active connection, a linked
  // directory and users, all newer than anything of this tenant's, because
  // lists come newest first: who forgets a filter reads these.
  addForeignTenant() {
    this.#foreign = true;
    const org = this.#store.organizations.insert({
      object: 'organization', name: 'Foreign Tenant', external_id: null, metadata: {}, stripe_customer_id: null,
    });
    this.#populate(org.id, { ...defaults, users: 3 }, 'foreign.example', 'active');
    this.#postdate(org.id);
    return { organization_id: org.id };
  }

  // begin notes a new organization: its story starts.
  begin(id) {
    this.#organizations.set(id, { looks: 0, story: { ...this.#story } });
  }

  // look lets time pass: each look at an organization's connections is one step.
  look(key, url) {
    const id = url.searchParams.get('organization_id');
    const org = this.#organizations.get(id);
    if (key !== 'GET /connections' || !org) return;
    org.looks++;
    const { story } = org;
    if (org.looks === story.looksUntilConnection + 1) this.#populate(id, story, 'acme.com', 'validating');
    if (org.looks === story.looksUntilActive + 1) this.#finish(id, story);
  }

  // #populate makes a connection that is not active yet; and, older than it,
  // an abandoned first attempt, so that the first item is seldom the right one.
  #populate(organizationId, story, domain, state) {
    const { connections, directories, directoryUsers } = this.#store;
    const connection = (name, connectionState) =>
      connections.insert({
        object: 'connection', organization_id: organizationId, connection_type: 'OktaSAML', name,
        state: connectionState, domains: [{ object: 'connection_domain', id: `conn_domain_${name.replace(/\W/g, '')}`, domain }],
      });
    const first = connection(`${domain} first`, state);
    this.#date(connections, first.id, '2026-01-01T00:00:00.000Z');
    const second = connection(`${domain} second`, state === 'active' ? 'active' : 'validating');
    this.#date(connections, second.id, '2026-02-01T00:00:00.000Z');
    const directory = directories.insert({
      object: 'directory', organization_id: organizationId, name: `${domain} directory`, domain,
      type: 'okta scim v2.0', state: story.directoryState, external_key: `key-${organizationId}`,
    });
    for (let i = 0; i < story.users; i++) {
      directoryUsers.insert({
        object: 'directory_user', directory_id: directory.id, organization_id: organizationId, idp_id: `idp_${organizationId}_${i}`,
        first_name: 'User', last_name: `${i}`, email: `user${i}@${domain}`, username: `user${i}@${domain}`,
        state: 'active', role: null, custom_attributes: {}, raw_attributes: {}, groups: [],
      });
    }
  }

  // #finish makes the *older* connection the good one: data[0] is still the
  // newer one, which goes on validating.
  #finish(organizationId, story) {
    const { connections } = this.#store;
    const oldest = connections.findBy('organization_id', organizationId).sort((a, b) => a.created_at.localeCompare(b.created_at))[0];
    connections.update(oldest.id, { state: story.connectionState });
  }

  #postdate(organizationId) {
    const { connections, directories, directoryUsers } = this.#store;
    for (const collection of [connections, directories, directoryUsers]) {
      for (const item of collection.findBy('organization_id', organizationId)) this.#date(collection, item.id, '2099-01-01T00:00:00.000Z');
    }
  }

  #date(collection, id, at) {
    collection.update(id, { created_at: at });
  }

  // snapshot is what the emulator holds, for comparing a run's outputs with.
  snapshot() {
    const all = (name) => this.#store[name].all();
    return {
      foreign: this.#foreign,
      organizations: all('organizations'),
      domains: all('organizationDomains'),
      connections: all('connections'),
      directories: all('directories'),
      directoryUsers: all('directoryUsers'),
    };
  }
}
