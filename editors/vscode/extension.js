// The client of `capstan lsp`: all that is known of capability files is in the server.
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

async function start() {
  const settings = vscode.workspace.getConfiguration('capstan');
  const command = settings.get('path') || 'capstan';
  const server = { command, args: ['lsp', ...(settings.get('args') || [])] };
  client = new LanguageClient('capstan', 'Capstan', server, {
    documentSelector: [{ language: 'yaml', scheme: 'file' }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.{yaml,yml,json}') },
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(`${command} lsp cannot be started: ${error.message}. Install capstan, or set capstan.path to the binary.`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running && running.isRunning()) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand('capstan.restart', restart),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('capstan') && restart()),
  );
  return start();
};

exports.deactivate = stop;
