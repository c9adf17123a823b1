#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2
/** Arguments, signals, exit status. */

import {type LoadCommand, runCommand, usageExitCode} from './cli/run-command.ts';

const usage = `tailprobe watches a headscale tailnet: tunnels, services, GPUs, and whose fault it is.

  tailprobe serve --config FILE [--listen ADDRESS:PORT]   the daemon (--web.config.file FILE: TLS and passwords)
  tailprobe agent --config FILE                           measures from another machine, such as a GPU instance, for a daemon
  tailprobe probe [--from VANTAGE] [--module M] TARGET    one probe, asked of a running daemon (--config FILE: without one)
  tailprobe probe --check NAME [TARGET]                   a check of the configuration, now, as it is configured
  tailprobe diagnose [SUBJECT]                            whose fault it is: a check, node or vantage; without: all that is wrong
  tailprobe check-config FILE                             every mistake of a configuration at once
  tailprobe lab                                           a whole platform on loopback, watched: look at it, break it
  tailprobe lab break FAULT | heal [FAULT] | status       while it runs
  tailprobe --version | --help | COMMAND --help

Exit status of probe and diagnose: 0 up, 1 down, 2 unknown. A wrong configuration: 78. Wrong arguments: 64.
`;

const commands: Record<string, LoadCommand> = {
	serve: async () => (await import('./cli/serve.ts')).runServe,
	agent: async () => (await import('./cli/agent.ts')).runAgent,
	probe: async () => (await import('./cli/probe.ts')).runProbe,
	diagnose: async () => (await import('./cli/diagnose.ts')).runDiagnose,
	'check-config': async () => (await import('./cli/check-config.ts')).runCheckConfig,
	lab: async () => (await import('./cli/lab.ts')).runLab,
};

/** As `engines` of package.json says. What is imported above has to run on older ones too, so that they come as far as the sentence. */
const oldestNode = 26;
/** EX_UNAVAILABLE of sysexits. */
const unavailableExitCode = 69;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
	const [name, ...rest] = args;
	const {node} = process.versions;
	if (Number.parseInt(node, 10) < oldestNode) {
		process.stderr.write(
			`tailprobe: this is Node.js ${node}, and tailprobe needs Node.js ${oldestNode} or newer: install that and see that it comes first on PATH.\n`,
		);
		return unavailableExitCode;
	}
	if (name === '--help' || name === '-h' || name === 'help') {
		process.stdout.write(usage);
		return 0;
	}
	if (name === '--version' || name === 'version') {
		const {version} = await import('./util/version.ts');
		process.stdout.write(`tailprobe ${version}\n`);
		return 0;
	}
	const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
	if (name === undefined || !command) {
		const complaint =
			name === undefined ? 'No command was given.' : `There is no command named ${JSON.stringify(name)}.`;
		process.stderr.write(`tailprobe: ${complaint}\n\n${usage}`);
		return usageExitCode;
	}
	return runCommand(name, command, rest, usage);
}
