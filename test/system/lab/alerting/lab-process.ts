/** The process of one embedded lab and its daemon; started by embedded-lab.ts, and ends with its channel. */

import {type Daemon, startDaemon} from '../../../../src/daemon.ts';
import {type Lab, startLab} from '../../../../src/lab/lab.ts';
import {messageOf} from '../../../../src/util/errors.ts';
import {createLog} from '../../../../src/util/log.ts';
import {until} from '../../../helpers/until.ts';

/** What it is told. */
export interface ToLab {
	id: number;
	do: 'start' | 'break' | 'heal' | 'await-sound';
	faults: readonly string[];
}

/** What it answers. */
export interface FromLab {
	id: number;
	/** Where the daemon listens, after `start`. */
	address?: string;
	error?: string;
}

let lab: Lab | undefined;
let daemon: Daemon | undefined;

const answer = (message: FromLab) => {
	// Who asked may be gone by now.
	if (process.connected) process.send?.(message);
};

process.on('disconnect', async () => {
	await daemon?.stop();
	await lab?.stop();
	process.exit();
});

process.on('message', async ({id, do: asked, faults}: ToLab) => {
	try {
		const address = await carryOut(asked, faults);
		answer({id, ...(address === undefined ? {} : {address})});
	} catch (error) {
		answer({id, error: messageOf(error)});
	}
});

async function carryOut(asked: ToLab['do'], faults: readonly string[]): Promise<string | undefined> {
	if (asked === 'start') return await start();
	if (asked === 'heal') await lab?.heal();
	if (asked === 'break') for (const fault of faults) await lab?.break(fault);
	if (asked === 'await-sound') await awaitSound();
	return undefined;
}

async function start(): Promise<string> {
	lab = await startLab({quiet: true});
	daemon = await startDaemon({
		configText: atDefaults(lab.config),
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'error', format: 'json'}, process.stderr),
	});
	return new URL(daemon.url).host;
}

/** The lab is watched at a quick pace where people look at it; alerts are meant for the defaults. */
function atDefaults(config: string): string {
	return config
		.replace(/^vast:\n(?: .*\n)*/m, vast => vast.replaceAll('interval', 'INTERVAL'))
		.replaceAll(/^ +(?:interval|timeout|grace): \w+\n/gm, '')
		.replace('INTERVAL', 'interval');
}

async function awaitSound(): Promise<void> {
	let wrong: string[] = [];
	try {
		await until(
			() => {
				wrong = whatIsWrong();
				return wrong.length === 0;
			},
			300_000,
			500,
		);
	} catch {
		throw new Error(`The lab is not sound: ${wrong.join('; ')}.`);
	}
}

function whatIsWrong(): string[] {
	if (!daemon) return ['there is no daemon'];
	const {view} = daemon;
	const checks = view.checks();
	return [
		...(checks.some(({check}) => check.type === 'gpu') ? [] : ['no agent measures yet']),
		...checks
			.filter(({verdict, last}) => verdict !== 'up' || last?.reading?.facts.path === 'derp')
			.map(({check, verdict}) => `${check.key} is ${verdict}`),
		...view
			.vantages()
			.filter(({condition}) => condition !== 'sound')
			.map(({name, condition}) => `the vantage ${name} is ${condition}`),
		...view
			.sources()
			.filter(({ok}) => ok !== true)
			.map(({name}) => `${name} is not read`),
	];
}
