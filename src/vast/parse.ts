/** The instances in an answer of vast.ai. Only what is used is copied: entries carry tokens, start scripts and environments. */

import {isIP} from 'node:net';
import {z} from 'zod';
import {id, known, lenient, text} from '../headscale/lenient.ts';
import {oneLine} from '../util/errors.ts';
import {type Instance, type InstanceStatus, instanceStatuses} from './types.ts';

/** What is asked for, and all that is read of an entry. */
export const wantedColumns = [
	'id',
	'machine_id',
	'host_id',
	'label',
	'gpu_name',
	'num_gpus',
	'gpu_util',
	'gpu_temp',
	'actual_status',
	'intended_status',
	'cur_state',
	'dph_total',
	'start_date',
	'end_date',
	'reliability2',
	'status_msg',
	'ssh_host',
	'ssh_port',
	'public_ipaddr',
] as const;

export interface InstancePage {
	instances: Instance[];
	/** Entries that could not be used. */
	bad: number;
	/** Names the next page; undefined: this is the last. */
	nextToken?: string;
}

/** undefined when this is no such answer. */
export function parsePage(json: unknown): InstancePage | undefined {
	const page = pageSchema.safeParse(json);
	if (!page.success) return undefined;
	const entries = page.data.instances.map(entry => parseInstance(entry));
	const instances = entries.filter(entry => entry !== undefined);
	const token = page.data.next_token;
	return {
		instances,
		bad: entries.length - instances.length,
		...(typeof token === 'string' && token !== '' ? {nextToken: token} : {}),
	};
}

/** undefined for what has no id. */
function parseInstance(raw: unknown): Instance | undefined {
	const {data} = entrySchema.safeParse(raw);
	if (data?.id === undefined || data.id === null) return undefined;
	return {
		id: data.id,
		label: brief(data.label, 100) ?? '',
		status: statusOf(data.actual_status),
		...known({
			intended: wordOf(data.intended_status, ['running', 'stopped', 'frozen']),
			allotted: wordOf(data.cur_state, ['running', 'stopped', 'unloaded']),
			machineId: data.machine_id ?? undefined,
			hostId: data.host_id ?? undefined,
			gpuModel: brief(data.gpu_name, 64)?.replace(/[^A-Za-z0-9 ._()+/-]/g, '_'),
			gpus: within(data.num_gpus, 0, 10_000),
			pricePerHour: within(data.dph_total, 0, 1e6),
			startMs: timeOf(data.start_date),
			endMs: timeOf(data.end_date),
			reliabilityRatio: within(data.reliability2, 0, 1),
			gpuUtilizationRatio: percent(data.gpu_util),
			gpuTemperatureCelsius: within(data.gpu_temp, -50, 250),
			message: brief(data.status_msg, 200),
			sshHost: hostOf(brief(data.ssh_host, 253)),
			sshPort: within(data.ssh_port, 1, 65_535),
			publicAddress: addressOf(brief(data.public_ipaddr, 64)),
		}),
	};
}

const number = lenient(z.number());

const entrySchema = z.object({
	id,
	machine_id: id,
	host_id: id,
	label: text,
	gpu_name: text,
	num_gpus: number,
	gpu_util: number,
	gpu_temp: number,
	actual_status: z.unknown().optional(),
	intended_status: text,
	cur_state: text,
	dph_total: number,
	start_date: number,
	end_date: number,
	reliability2: number,
	status_msg: text,
	ssh_host: text,
	ssh_port: number,
	public_ipaddr: text,
} satisfies Record<(typeof wantedColumns)[number], z.ZodType>);

const pageSchema = z.object({
	// Not z.array: each entry is judged by itself.
	instances: z.custom<readonly unknown[]>(Array.isArray),
	next_token: z.unknown().optional(),
});

function statusOf(raw: unknown): InstanceStatus {
	if (raw === null) return 'provisioning';
	return instanceStatuses.find(status => status === raw) ?? 'other';
}

function wordOf<Word extends string>(
	raw: string | null | undefined,
	words: readonly Word[],
): Word | 'other' | undefined {
	return raw === undefined || raw === null ? undefined : (words.find(word => word === raw) ?? 'other');
}

function within(value: number | null | undefined, least: number, most: number): number | undefined {
	return typeof value === 'number' && value >= least && value <= most ? value : undefined;
}

function percent(value: number | null | undefined): number | undefined {
	const inRange = within(value, 0, 100);
	return inRange === undefined ? undefined : inRange / 100;
}

/** Seconds since 1970; what lies before 2000 or after 2100 is no time of an instance. */
function timeOf(seconds: number | null | undefined): number | undefined {
	const inRange = within(seconds, 946_684_800, 4_102_444_800);
	return inRange === undefined ? undefined : Math.round(inRange * 1000);
}

/** One clean line; undefined where nothing is left. */
function brief(raw: string | null | undefined, maxLength: number): string | undefined {
	if (raw === undefined || raw === null) return undefined;
	const line = oneLine(raw.slice(0, 4 * maxLength), maxLength);
	if (line === '') return undefined;
	// A part of a long text would keep the whole in memory.
	return raw.length > 2 * maxLength ? Buffer.from(line).toString() : line;
}

function hostOf(raw: string | undefined): string | undefined {
	return raw !== undefined && /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(raw) ? raw.toLowerCase() : undefined;
}

function addressOf(raw: string | undefined): string | undefined {
	return raw !== undefined && isIP(raw) !== 0 ? raw : undefined;
}
