/** What `npm run bench` is asked for. */

import {parseArgs} from 'node:util';
import {UserError} from '../../src/util/errors.ts';
import type {Scheme} from './types.ts';

export const usage = `Usage: npm run bench -- [--quick | --short] [--rounds N] [--only PART,…] [--json FILE] [--write]
       npm run bench -- --from FILE [--write]

Measures tailprobe beside blackbox_exporter and cloudprober on this machine and
prints a table of what is wanted and what came (22 minutes on two processors).

  --quick        a look: fewer cases and rounds, 3 minutes
  --short        guards against regressions: ratios to the peers only, 2 minutes;
                 exit status 1 when one is broken
  --rounds N     rounds of each comparison; default 3 to 5
  --only PART,…  of compare, scrapes, start-up, scale, agents
  --json FILE    the figures, for a later --from
  --from FILE    no measuring: the tables of an earlier run
  --write        put the tables into docs/performance.md: only of the whole default
                 form on a quiet machine
  --even-if-busy with --write: of a busy machine too, which stands above the tables

Nothing else should run on the machine meanwhile.
`;

/** Exit status for wrong arguments (EX_USAGE of sysexits.h). */
const usageExitCode = 64;

export const partNames = ['compare', 'scrapes', 'start-up', 'scale', 'agents'] as const;
export type Part = (typeof partNames)[number];

/** A number of targets over one scheme, and how it is measured. */
export interface Case {
	scheme: Scheme;
	targets: number;
	intervalMs: number;
	windowMs: number;
	rounds: number;
	/** cloudprober's latency of each run too, by a second one of it. */
	everyLatency: boolean;
	/** tailprobe from its source, and on all processors, too. */
	everyWay: boolean;
}

export interface Options {
	help: boolean;
	form: 'default' | 'quick' | 'short';
	parts: readonly Part[];
	cases: readonly Case[];
	/** Before the first window of a case. */
	warmUpMs: number;
	scrapeWindowMs: number;
	starts: number;
	scaleWindowMs: number;
	agentsWindowMs: number;
	json?: string;
	from?: string;
	write: boolean;
	evenIfBusy: boolean;
}

/** Throws a UserError where the arguments make no sense. */
export function readOptions(args: readonly string[]): Options {
	const {values} = parseArgs({
		args: [...args],
		options: {
			quick: {type: 'boolean', default: false},
			short: {type: 'boolean', default: false},
			rounds: {type: 'string'},
			only: {type: 'string'},
			json: {type: 'string'},
			from: {type: 'string'},
			write: {type: 'boolean', default: false},
			'even-if-busy': {type: 'boolean', default: false},
			help: {type: 'boolean', short: 'h', default: false},
		},
	});
	if (values.quick && values.short)
		throw new UserError('--quick and --short are two forms: give one of them.', usageExitCode);
	const form = values.quick ? 'quick' : values.short ? 'short' : 'default';
	const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
	if (rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1 || rounds > 100))
		throw new UserError(
			`--rounds expects a number from 1 to 100, got ${JSON.stringify(values.rounds)}.`,
			usageExitCode,
		);
	const named = values.only?.split(',') ?? forms[form].parts;
	const unknown = named.find(name => !partNames.includes(name as Part));
	if (unknown !== undefined)
		throw new UserError(`--only knows ${partNames.join(', ')}, and not ${JSON.stringify(unknown)}.`, usageExitCode);
	return {
		help: values.help,
		form,
		parts: partNames.filter(name => named.includes(name)),
		...forms[form].lengths,
		cases: forms[form].cases.map(each => (rounds === undefined ? each : {...each, rounds})),
		...(values.json === undefined ? {} : {json: values.json}),
		...(values.from === undefined ? {} : {from: values.from}),
		write: values.write,
		evenIfBusy: values['even-if-busy'],
	};
}

/** Over TLS, 1,000 a second are more than one processor bears with any of the probers: there they are the load of 200. */
function casesOf(scheme: Scheme): Case[] {
	const isPlain = scheme === 'http';
	const each = {scheme, intervalMs: 1000, windowMs: 6000, rounds: 3, everyLatency: false, everyWay: false};
	return [
		{...each, targets: 50},
		{...each, targets: 200, windowMs: 7000, rounds: 5, everyLatency: true, everyWay: isPlain},
		{...each, targets: 1000, ...(isPlain ? {} : {intervalMs: 5000, windowMs: 7500})},
	];
}

interface Form {
	parts: readonly Part[];
	cases: readonly Case[];
	lengths: Pick<Options, 'warmUpMs' | 'scrapeWindowMs' | 'starts' | 'scaleWindowMs' | 'agentsWindowMs'>;
}

const forms: Record<Options['form'], Form> = {
	default: {
		parts: partNames,
		cases: [...casesOf('http'), ...casesOf('https')],
		lengths: {warmUpMs: 12_000, scrapeWindowMs: 12_000, starts: 5, scaleWindowMs: 45_000, agentsWindowMs: 60_000},
	},
	quick: {
		parts: ['compare', 'scrapes', 'start-up'],
		cases: casesOf200(4000, {http: 2, https: 2}),
		lengths: {warmUpMs: 7000, scrapeWindowMs: 6000, starts: 2, scaleWindowMs: 30_000, agentsWindowMs: 30_000},
	},
	short: {
		parts: ['compare'],
		// Many short windows: the guard takes the median of the ratios of neighbours.
		cases: casesOf200(2000, {http: 5, https: 3}),
		lengths: {warmUpMs: 5000, scrapeWindowMs: 4000, starts: 1, scaleWindowMs: 30_000, agentsWindowMs: 30_000},
	},
};

function casesOf200(windowMs: number, rounds: Record<Scheme, number>): Case[] {
	const each = {targets: 200, intervalMs: 1000, windowMs, everyLatency: false, everyWay: false};
	const schemes: readonly Scheme[] = ['http', 'https'];
	return schemes.map(scheme => ({...each, scheme, rounds: rounds[scheme]}));
}
