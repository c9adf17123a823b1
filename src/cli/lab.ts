/** `tailprobe lab`: starts the embedded lab with a daemon that watches it, and commands a lab that runs in another terminal. */

import {createServer} from 'node:net';
import {relative} from 'node:path';
import {commandLab} from '../lab/commanding.ts';
import {labDirectory} from '../lab/directory.ts';
import {faults, findFault} from '../lab/faults.ts';
import {type Lab, startLab, unknownFault} from '../lab/lab.ts';
import type {Command, LabStatus} from '../lab/messages.ts';
import {UserError} from '../util/errors.ts';
import {formatDurationMs} from '../util/units.ts';

/** What runs with the lab; replaced in tests. */
export interface LabParts {
	/** Starts the daemon on a configuration. */
	startDaemon(options: {
		configText: string;
		allowLoopback: true;
		listen: {host: string; port: number};
	}): Promise<{url: string; stop(): Promise<void>}>;
	/** Where a lab of this user is found. */
	directory: string;
	print(text: string): void;
}

/** Where the daemon listens that `tailprobe probe` asks when none is named. */
const usualPort = 9753;
/** Where agents listen, those of the lab and real ones. */
const agentPort = 9754;
const defaultUrl = `http://127.0.0.1:${usualPort}`;
const usageExitCode = 64;
const unavailableExitCode = 69;

/**
 * Runs `tailprobe lab` with the arguments behind it and returns the exit status. Without a subcommand it stays until Ctrl-C or SIGTERM.
 * Throws a UserError for what the user must change.
 */
export async function runLab(args: readonly string[], given: Partial<LabParts> = {}): Promise<number> {
	const parts = {...ownParts, ...given};
	const [subcommand, name, ...rest] = args;
	if (rest.length > 0)
		throw new UserError(`There is one word too many: ${JSON.stringify(rest[0])}.\n${usage()}`, usageExitCode);
	if (subcommand === 'break') return await breakOne(name, parts);
	if (subcommand === 'heal') return await healOne(name, parts);
	if (name !== undefined && subcommand !== undefined)
		throw new UserError(`\`lab ${subcommand}\` takes no ${JSON.stringify(name)}.\n${usage()}`, usageExitCode);
	if (subcommand === undefined) return await stay(parts);
	if (subcommand === 'status') return await tellStatus(parts);
	if (subcommand === 'faults') return tellFaults(parts);
	if (subcommand === '--help' || subcommand === '-h' || subcommand === 'help') {
		parts.print(`${usage()}\n`);
		return 0;
	}
	throw new UserError(`The lab has no command ${JSON.stringify(subcommand)}.\n${usage()}`, usageExitCode);
}

const ownParts: LabParts = {
	async startDaemon(options) {
		const {startDaemon} = await import('../daemon.ts');
		return await startDaemon(options);
	},
	directory: labDirectory(),
	print: text => process.stdout.write(text),
};

/** Starts everything, shows the screen, and waits for the end. */
async function stay(parts: LabParts): Promise<number> {
	const signals = watchSignals();
	try {
		const lab = await startLab({ports: 'preferred', directory: parts.directory});
		try {
			const listen = {host: '127.0.0.1', port: await findFreePort(usualPort)};
			const daemon = await parts.startDaemon({configText: lab.config, allowLoopback: true, listen});
			lab.watchedAt(daemon.url);
			parts.print(screen(lab, daemon.url));
			const end = await Promise.race([signals.first, lab.ended.then(() => 'lab' as const)]);
			parts.print(
				end === 'lab' ? "\nThe lab's servers ended by themselves; ending the rest.\n" : '\nEnding the lab …\n',
			);
			await daemon.stop();
			return end === 'lab' ? 70 : 0;
		} finally {
			await lab.stop();
		}
	} finally {
		signals.stop();
	}
}

function screen(lab: Lab, url: string): string {
	const base = url.replace(/\/+$/, '');
	const command = ownCommand();
	const {livekit} = lab.urls.servicePorts;
	return `
A June platform plays on loopback: headscale, five tailnet nodes, MagicDNS, and services on them.
${base === defaultUrl ? '' : `Port ${usualPort} is taken, so this is ${new URL(base).port}: \`probe\` without --url asks what is on ${usualPort}.\n`}
  Look     ${base}/
           ${base}/metrics
           curl '${base}/probe?module=healthz&target=http://livekit:${livekit}/'
  Probe    ${command} probe ${base === defaultUrl ? '' : `--url ${base} `}http://livekit:${livekit}/

  Break    in another terminal:   ${command} lab break gpu1-derp
           or                     gpu2-dead-but-online, headscale-frozen, livekit-slow …
           all ${faults.length}, explained      ${command} lab faults
  Mend                            ${command} lab heal

  End      Ctrl-C

Changes of state follow here.

`;
}

async function breakOne(name: string | undefined, parts: LabParts): Promise<number> {
	if (name === undefined)
		throw new UserError(`Say what to break: \`${ownCommand()} lab break NAME\`.\n${listFaults()}`, usageExitCode);
	const fault = findFault(name);
	if (!fault) throw unknownFault(name);
	const before = await ask({do: 'status'}, parts);
	if (before.active.some(active => active.name === name)) {
		parts.print(`${name} is broken already. ${fault.see}\n`);
		return 0;
	}
	await ask({do: 'break', fault: name}, parts);
	const mend = fault.lastsMs === undefined ? `Mend it: ${ownCommand()} lab heal ${name}\n` : '';
	parts.print(`${fault.effect}\nYou should see: ${fault.see}\n${mend}`);
	return 0;
}

async function healOne(name: string | undefined, parts: LabParts): Promise<number> {
	if (name !== undefined && !findFault(name)) throw unknownFault(name);
	const before = await ask({do: 'status'}, parts);
	const ended = before.active.filter(active => name === undefined || active.name === name).map(active => active.name);
	await ask(name === undefined ? {do: 'heal'} : {do: 'heal', fault: name}, parts);
	if (ended.length > 0) parts.print(`Healed: ${ended.join(', ')}.\n`);
	else parts.print(name === undefined ? 'Nothing was broken.\n' : `${name} was not broken.\n`);
	return 0;
}

async function tellStatus(parts: LabParts): Promise<number> {
	const {pid, startedAt, active, url} = await ask({do: 'status'}, parts);
	const lines = active.map(({name, since}) => `  ${name}, since ${ago(since)}: ${findFault(name)?.effect ?? ''}\n`);
	parts.print(
		`The lab runs since ${ago(startedAt)} (process ${pid}). ${active.length === 0 ? 'Everything works.' : 'Broken:'}\n${lines.join('')}`,
	);
	if (url !== undefined)
		parts.print(`Look at ${url}, or probe through it: ${ownCommand()} probe --url ${url.replace(/\/$/, '')} TARGET\n`);
	return 0;
}

function tellFaults(parts: LabParts): number {
	parts.print(
		faults
			.map(fault => `${fault.name}\n    ${fault.effect}\n    You should see: ${fault.see}\n`)
			.join('')
			.concat(`\nSwitch one on: ${ownCommand()} lab break NAME\n`),
	);
	return 0;
}

/** Asks the lab that runs elsewhere. */
async function ask(command: Command, parts: LabParts): Promise<LabStatus> {
	const answer = await commandLab(parts.directory, command);
	if (!answer)
		throw new UserError(
			`No lab of yours is running (looked in ${parts.directory}, which follows TMPDIR). Start one in another terminal: ${ownCommand()} lab`,
			unavailableExitCode,
		);
	if (!answer.ok) throw new UserError(answer.message, unavailableExitCode);
	return answer.status;
}

/** The first port from here on that nobody on 127.0.0.1 uses. */
async function findFreePort(from: number): Promise<number> {
	for (let port = from; port < from + 100; port++) {
		// An agent that is started later would find its port taken.
		if (port === agentPort) continue;
		const server = createServer();
		const isFree = await new Promise<boolean>(resolve => {
			server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
		});
		await new Promise(resolve => server.close(resolve));
		if (isFree) return port;
	}
	throw new UserError(`None of the ports ${from} to ${from + 99} is free for the web page.`, unavailableExitCode);
}

/** The first SIGINT, SIGTERM or SIGHUP is a promise; a second one ends the process at once. */
function watchSignals(): {first: Promise<'signal'>; stop(): void} {
	const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
	let firstAt: number | undefined;
	let hear = (): void => {};
	const first = new Promise<'signal'>(resolve => {
		hear = () => resolve('signal');
	});
	const onSignal = () => {
		// npm passes Ctrl-C on, although the terminal has sent it to us already: that is not a second one.
		if (firstAt !== undefined && performance.now() - firstAt > 500) process.exit(130);
		firstAt ??= performance.now();
		hear();
	};
	for (const name of names) process.on(name, onSignal);
	return {
		first,
		stop() {
			for (const name of names) process.off(name, onSignal);
		},
	};
}

/** How a person starts this very program again. */
function ownCommand(): string {
	if (process.env.npm_execpath !== undefined) return 'npx tailprobe';
	const script = process.argv[1] ?? 'tailprobe';
	// Compiled, it is installed: by the name that npm and the image have given it.
	return script.endsWith('.ts') ? `node ${relative(process.cwd(), script) || script}` : 'tailprobe';
}

function usage(): string {
	return [
		`${ownCommand()} lab                 start the lab and a daemon that watches it`,
		`${ownCommand()} lab break NAME      switch a fault on in the lab that runs`,
		`${ownCommand()} lab heal [NAME]     switch it off, or all of them`,
		`${ownCommand()} lab status          what is broken now`,
		`${ownCommand()} lab faults          what can be broken, and what you should see`,
	].join('\n');
}

function listFaults(): string {
	return `There are: ${faults.map(fault => fault.name).join(', ')}.`;
}

function ago(wallMs: number): string {
	return formatDurationMs(Math.max(1000, Date.now() - wallMs));
}
