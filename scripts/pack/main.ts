/** Where the packed agent begins: the agent alone, and sentences for whoever expects the rest of tailprobe in it. */

import {type LoadCommand, runCommand, usageExitCode} from '../../src/cli/run-command.ts';
import {version} from '../../src/util/version.ts';

const usage = `tailprobe-agent ${version}: one GPU instance as a vantage of a tailprobe daemon.

  tailprobe-agent agent --config FILE       until a signal ends it
  tailprobe-agent agent --help              its options
  tailprobe-agent --version | --help

This one file holds the agent and the Node.js that it runs on, and nothing else of tailprobe.
`;

const program = 'tailprobe-agent';

const loadAgent: LoadCommand = async () => {
	const {runAgent} = await import('../../src/cli/agent.ts');
	return args => runAgent(args, program);
};

/** Commands of the whole program that people will try here. */
const elsewhere: readonly string[] = ['serve', 'probe', 'check-config', 'lab', 'diagnose'];

// Not awaited: CommonJS, which a single executable runs, has no await here.
void main(process.argv.slice(2)).then(exitCode => {
	process.exitCode = exitCode;
});

async function main([name, ...rest]: string[]): Promise<number> {
	if (name === 'agent') return runCommand(name, loadAgent, rest, usage, program);
	if (name === '--help' || name === '-h' || name === 'help') {
		process.stdout.write(usage);
		return 0;
	}
	if (name === '--version' || name === 'version') {
		process.stdout.write(`tailprobe-agent ${version}\n`);
		return 0;
	}
	process.stderr.write(`tailprobe-agent: ${complaintAbout(name)}\n\n${usage}`);
	return usageExitCode;
}

function complaintAbout(name: string | undefined): string {
	if (name === undefined) return 'No command was given.';
	if (elsewhere.includes(name))
		return `${name} is not in this file, which is the agent alone. Run it where tailprobe itself is, beside the daemon.`;
	return `There is no command named ${JSON.stringify(name)}.`;
}
