// A person's terminal: a shell in tmux, of a number of columns. Every command's screen
// is held to its width: a line that the terminal had to break is a fault, unless it is
// a command to copy or a single long word.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

const patience = 30_000; // ms; whatever takes longer hangs

export class Terminal {
  #socket = `hour-${process.pid}-${randomBytes(3).toString('hex')}`;
  #width;
  #typed = []; // answers, which stand on the screen too

  constructor(width, folder, env) {
    this.#width = width;
    const keep = Object.entries({ ...env, PS1: '[\\#:$?] ', TERM: 'tmux-256color', LANG: 'C.UTF-8' }).map(([k, v]) => `${k}=${v}`);
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(width), '-y', '300', '-c', folder,
      'env', '-i', ...keep, 'bash', '--norc', '--noprofile', '-i');
  }

  close() { this.#tmux('kill-server'); }

  #tmux(...args) { return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' }); }

  // screen is what is shown; joined undoes the breaks that the terminal made.
  screen(joined = false) { return this.#tmux('capture-pane', '-p', ...(joined ? ['-J'] : [])).trimEnd(); }

  // keys presses keys by tmux's names, such as C-c and Enter.
  keys(...keys) { this.#tmux('send-keys', ...keys); }

  type(text) { this.#tmux('send-keys', '-l', '--', text); }

  answer(text) {
    this.#typed.push(text);
    this.type(text);
    this.keys('Enter');
  }

  // sees waits until the screen shows a text or a pattern.
  async sees(text) {
    const shown = () => (text instanceof RegExp ? text.test(this.screen(true)) : this.screen(true).includes(text));
    for (const end = Date.now() + patience; !shown(); await new Promise((wait) => setTimeout(wait, 20))) {
      if (Date.now() > end) assert.fail(`${this.#width} columns: never shown: ${text}\n${this.screen()}`);
    }
  }

  // starts a command on a clear screen; ended waits for its end.
  async starts(command) {
    await this.sees(/^\[\d+:\d+\]$/m);
    this.keys('C-l');
    await this.sees(/^\[\d+:\d+\]$/);
    this.command = command;
    this.type(command);
    this.keys('Enter');
  }

  // ended returns what a command left on the screen, and wants an exit code.
  async ended(code = 0) {
    await this.sees(/\n\[\d+:\d+\]$/);
    const text = this.screen(true);
    const [, exit] = /\[\d+:(\d+)\]$/.exec(text);
    const from = text.indexOf(this.command) + this.command.length; // where it fills the line, its output is joined to it
    const shown = text.slice(from, text.lastIndexOf('\n') + 1).trimStart();
    assert.equal(Number(exit), code, `${this.#width} columns: exit code of ${this.command}\n${this.screen()}`);
    for (const line of shown.split('\n')) {
      const text = line.trim();
      const whole = /^(\$ )?capstan /.test(text) || !text.includes(' ') || this.#typed.some((t) => text.endsWith(t)) || /^(file|server) +\S+$/.test(text);
      assert.ok([...line].length <= this.#width || whole, `${this.#width} columns: broken by the terminal: ${line}\n${this.screen()}`);
    }
    this.#typed = [];
    return shown;
  }

  // runs a command to its end, and wants an exit code and texts on the screen.
  async runs(command, code, ...texts) {
    await this.starts(command);
    const shown = await this.ended(code);
    for (const text of texts) wants(shown, text, `${this.#width} columns: ${command}`);
    return shown;
  }
}

// wants a text, or a pattern, in what is shown; folded text is one line to it.
export function wants(shown, text, what) {
  const flat = shown.replaceAll(/\s+/g, ' ');
  const there = text instanceof RegExp ? text.test(shown) || text.test(flat) : shown.includes(text) || flat.includes(text);
  assert.ok(there, `${what}\nwants ${text}\n${shown}`);
}
