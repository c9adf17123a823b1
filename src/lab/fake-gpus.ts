/** What the lab's nvidia-smi answers, and where it is put: GPUs in health and in trouble, in the words of the real program. */

import {chmodSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const gpuModes = [
	'healthy',
	'data-centre',
	'two',
	'lost',
	'lost-in-row',
	'mismatch',
	'no-devices',
	'no-driver',
	'container',
	'permissions',
	'hang',
	'old-driver',
	'ancient-driver',
	'new-driver',
	'not-available',
	'unknown-error',
	'recovery',
	'inforom',
	'hot',
	'full',
	'throttled',
	'mig',
	'garbage',
	'html',
	'endless',
] as const;

export type GpuMode = (typeof gpuModes)[number];

export interface FakeAnswer {
	stdout: string;
	stderr?: string;
	exitCode: number;
	/** Goes on for ever: silent, or writing the text over and over. */
	forEver?: 'silent' | 'writing';
}

/** Puts an nvidia-smi into the folder; `become` changes what it finds from its next run on. */
export function installFakeSmi(folder: string, mode: GpuMode): {command: string; become(mode: GpuMode): void} {
	mkdirSync(folder, {recursive: true});
	const command = join(folder, 'nvidia-smi');
	const file = join(folder, 'nvidia-smi.mode');
	const program = fileURLToPath(
		new URL(`nvidia-smi${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
	);
	const words = [process.execPath, program, file].map(word => `'${word.replaceAll("'", `'\\''`)}'`);
	writeFileSync(command, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
	chmodSync(command, 0o755);
	const become = (next: GpuMode) => writeFileSync(file, next);
	become(mode);
	return {command, become};
}

/** What it answers to these arguments. Pure. */
export function answerSmi(args: readonly string[], mode: GpuMode): FakeAnswer {
	const fault = faults[mode];
	const isHelp = args[0] === '--help-query-gpu';
	if (fault && !(isHelp && fault.forEver)) return isHelp && fault.exitCode === 0 ? help(mode) : fault;
	if (isHelp) return help(mode);
	if (args[0] === '--version') return version(mode);
	const query = args.find(arg => arg.startsWith('--query-gpu='));
	if (query === undefined) return {stdout: table(mode), exitCode: 0};
	return answerQuery(query.slice(query.indexOf('=') + 1).split(','), mode);
}

function answerQuery(fields: readonly string[], mode: GpuMode): FakeAnswer {
	const known = knownFields(mode);
	const strange = fields.find(field => !known.includes(field));
	if (strange !== undefined) return {stdout: `Field "${strange}" is not a valid field to query.\n\n`, exitCode: 2};
	const rows = cardsOf(mode).map(card => `${fields.map(field => cellOf(card, field)).join(', ')}\n`);
	if (mode === 'lost') {
		const text = 'Unable to determine the device handle for GPU0000:41:00.0: Unknown Error\n';
		return {stdout: `${text}${rows.join('')}`, exitCode: 0};
	}
	if (mode === 'inforom') {
		const text = 'WARNING: infoROM is corrupted at gpu 0000:01:00.0\n';
		return {stdout: `${rows.join('')}${text}`, exitCode: 14};
	}
	return {stdout: rows.join(''), exitCode: 0};
}

type Card = Readonly<Record<string, string>>;

/** Both names of a clock or a reason are one field. */
function cellOf(card: Card, field: string): string {
	return card[field.replace('clocks_throttle_reasons.', 'clocks_event_reasons.')] ?? '[N/A]';
}

const reasons = [
	'applications_clocks_setting',
	'sw_power_cap',
	'hw_slowdown',
	'hw_thermal_slowdown',
	'hw_power_brake_slowdown',
	'sw_thermal_slowdown',
	'sync_boost',
];
const noReasons = Object.fromEntries(reasons.map(reason => [`clocks_event_reasons.${reason}`, 'Not Active']));

const consumer: Card = {
	index: '0',
	uuid: 'GPU-3d2a1c5e-8b47-4f60-9c1d-5a7e90b2f413',
	name: 'NVIDIA GeForce RTX 4090',
	driver_version: '570.133.07',
	'pci.bus_id': '00000000:01:00.0',
	pstate: 'P2',
	'utilization.gpu': '37',
	'utilization.memory': '12',
	'memory.total': '24564',
	'memory.used': '11873',
	'memory.free': '12227',
	'temperature.gpu': '58',
	'temperature.memory': 'N/A',
	'power.draw': '214.37',
	'power.limit': '450.00',
	'clocks.sm': '2520',
	'clocks.mem': '10251',
	'clocks.max.sm': '3105',
	'fan.speed': '41',
	'pcie.link.gen.current': '4',
	'pcie.link.gen.max': '4',
	'pcie.link.width.current': '16',
	'pcie.link.width.max': '16',
	gpu_recovery_action: 'None',
	...noReasons,
};

const dataCentre: Card = {
	...consumer,
	uuid: 'GPU-7f40e6b8-21ac-4d93-b0e5-c86d3f7a9e12',
	name: 'NVIDIA A100-SXM4-80GB',
	'pci.bus_id': '00000000:46:00.0',
	pstate: 'P0',
	'memory.total': '81920',
	'memory.used': '62451',
	'memory.free': '18706',
	'temperature.gpu': '47',
	'temperature.memory': '51',
	'power.draw': '287.90',
	'power.limit': '400.00',
	'clocks.sm': '1410',
	'clocks.mem': '1593',
	'clocks.max.sm': '1410',
	'fan.speed': '[N/A]',
	'ecc.mode.current': 'Enabled',
	'ecc.errors.corrected.volatile.total': '3',
	'ecc.errors.uncorrected.volatile.total': '0',
	'ecc.errors.corrected.aggregate.total': '19',
	'ecc.errors.uncorrected.aggregate.total': '1',
	'remapped_rows.correctable': '0',
	'remapped_rows.uncorrectable': '1',
	'remapped_rows.pending': 'No',
	'remapped_rows.failure': 'No',
	'mig.mode.current': 'Disabled',
};

const second: Card = {
	...consumer,
	index: '1',
	uuid: 'GPU-c19b7d04-6e52-43fa-8d7b-0f3e62a8b5c9',
	'pci.bus_id': '00000000:41:00.0',
	'utilization.gpu': '0',
	'temperature.gpu': '36',
};

/** Some cells of a card changed, such as all of a list to the same word. */
function changed(card: Card, fields: readonly string[], cell: string): Card {
	return {...card, ...Object.fromEntries(fields.map(field => [field, cell]))};
}

function cardsOf(mode: GpuMode): readonly Card[] {
	switch (mode) {
		case 'data-centre':
			return [dataCentre];
		case 'two':
			return [consumer, second];
		case 'lost-in-row':
			return [consumer, changed(second, Object.keys(second).slice(5), '[GPU is lost]')];
		case 'not-available':
			return [
				{
					...changed(consumer, ['utilization.memory', 'fan.speed', 'power.limit'], '[N/A]'),
					'power.draw': '[Not Supported]',
					'memory.free': '[Insufficient Permissions]',
					'clocks.sm': '',
				},
			];
		case 'unknown-error':
			return [changed(consumer, ['memory.used', 'fan.speed'], '[Unknown Error]')];
		case 'recovery':
			return [{...dataCentre, gpu_recovery_action: 'Reset'}];
		case 'hot':
			return [{...consumer, 'temperature.gpu': '93', 'clocks_event_reasons.hw_thermal_slowdown': 'Active'}];
		case 'full':
			return [{...consumer, 'memory.used': '24100', 'memory.free': '12'}];
		case 'throttled':
			return [{...consumer, 'clocks_event_reasons.sw_power_cap': 'Active', 'clocks.sm': '1305'}];
		case 'mig':
			return [
				{...changed(dataCentre, ['utilization.gpu', 'utilization.memory'], '[N/A]'), 'mig.mode.current': 'Enabled'},
			];
		case 'new-driver':
			return [{...consumer, driver_version: '610.57.04'}];
		case 'old-driver':
			return [{...consumer, driver_version: '470.256.02'}];
		case 'ancient-driver':
			return [{...consumer, driver_version: '418.226.00'}];
		default:
			return [consumer];
	}
}

const faults: Partial<Record<GpuMode, FakeAnswer>> = {
	mismatch: {
		stdout: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.133\n',
		exitCode: 18,
	},
	'no-devices': {stdout: 'No devices were found\n', exitCode: 6},
	'no-driver': {
		stdout:
			"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
		exitCode: 9,
	},
	container: {stdout: 'Failed to initialize NVML: Unknown Error\n', exitCode: 255},
	permissions: {stdout: 'Failed to initialize NVML: Insufficient Permissions\n', exitCode: 4},
	hang: {stdout: '', exitCode: 0, forEver: 'silent'},
	endless: {stdout: '0, GPU-', exitCode: 0, forEver: 'writing'},
	garbage: {stdout: '\u0000\u0007%PDF-1.4 {[}, 17, \u001b[31m;;; N/A\n0,,,\n7, 7, 7\n', exitCode: 0},
	html: {stdout: '<!doctype html>\n<title>502 Bad Gateway</title>\n<p>0, 1, 2, 3\n', exitCode: 0},
};

/** Which of a card's fields a driver of that age knows. */
function knownFields(mode: GpuMode): readonly string[] {
	const fields = [...Object.keys(dataCentre), 'clocks.current.sm', 'clocks.current.memory', 'timestamp', 'serial'];
	const retired = ['retired_pages.single_bit_ecc.count', 'retired_pages.double_bit.count', 'retired_pages.pending'];
	const throttle = reasons.map(reason => `clocks_throttle_reasons.${reason}`);
	const all = [...fields, ...retired];
	if (mode === 'old-driver') return [...all.filter(field => !/event_reasons|recovery/.test(field)), ...throttle];
	if (mode === 'ancient-driver') return fields.filter(field => !/reasons|recovery|remapped|mig\./.test(field));
	return [...all, ...throttle];
}

function help(mode: GpuMode): FakeAnswer {
	const known = knownFields(mode).filter(field => mode === 'old-driver' || !field.startsWith('clocks_throttle'));
	const sections = known.map(field => {
		const other = field.replace('clocks_event_reasons.', 'clocks_throttle_reasons.');
		const name = other === field ? `"${field}"` : `"${field}" or "${other}"`;
		return `${name}\nA property of the lab's GPU.\n`;
	});
	return {
		stdout: `List of valid properties to query for the switch "--query-gpu=":\n\n${sections.join('\n')}`,
		exitCode: 0,
	};
}

function version(mode: GpuMode): FakeAnswer {
	const driver = cardsOf(mode)[0]?.driver_version ?? '';
	if (mode === 'old-driver' || mode === 'ancient-driver')
		return {stdout: "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n", exitCode: 2};
	const said =
		mode === 'new-driver'
			? `DRIVER version      : Deprecated, see "KMD version" instead\nCUDA version        : Deprecated, see "CUDA UMD version" instead\nKMD version         : ${driver}\nCUDA UMD version    : 13.3\n`
			: `DRIVER version      : ${driver}\nCUDA Version        : 12.8\n`;
	return {stdout: `NVIDIA-SMI version  : ${driver}\nNVML version        : ${driver.slice(0, 7)}\n${said}`, exitCode: 0};
}

/** The head of the table that is printed without arguments. */
function table(mode: GpuMode): string {
	const driver = cardsOf(mode)[0]?.driver_version ?? '';
	const line = `+${'-'.repeat(77)}+`;
	const cuda = mode === 'ancient-driver' ? '10.1' : '11.4';
	return `Mon Nov  2 03:00:00 2026\n${line}\n| NVIDIA-SMI ${driver}   Driver Version: ${driver}   CUDA Version: ${cuda}     |\n${line}\n`;
}
