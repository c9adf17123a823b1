/** What `npm run bench` is asked for. */

import {parseArgs} from 'node:util';
import {UserError} from '../../src/util/errors.ts';
import type {Scheme} from './types.ts';

export const usage = `Usage: npm run bench -- [--quick | --short] [--rounds N] [--only PART,…] [--json FILE] [--write]
       npm run bench -- --from FILE [--write]

Measures tailprobe beside blackbox_exporter and cloudprober on this machine and
prints a table of what is wanted and what came (20 minutes on two processors).

  --quick        a look: fewer cases and rounds, 3 minutes
  --short        guards against regressions: ratios to the peers only, 2.5 minutes;
                 exit status 1 when one is broken
  --rounds N     rounds of each comparison; default 5
  --only PART,…  of compare, scrapes, start-up, scale
  --json FILE    the figures, for a later --from
  --from FILE    no measuring: the tables of an earlier run
  --write        put the tables into docs/performance.md

Nothing else should run on the machine meanwhile.
`;

/** Exit status for wrong arguments (EX_USAGE of sysexits.h). */
const usageExitCode = 64;

export const partNames = ['compare', 'scrapes', 'start-up', 'scale'] as const;
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
}

export interface Options {
	help: boolean;
	form: 'default' | 'quick' | 'short';
	rounds: number;
	parts: readonly Part[];
	cases: readonly Case[];
	/** Before the first window of a case. */
	warmUpMs: number;
	scrapeWindowMs: number;
	starts: number;
	scaleWindowMs: number;
	json?: string;
	from?: string;
	write: boolean;
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
			help: {type: 'boolean', short: 'h', default: false},
		},
	});
	if (values.quick && values.short)
		throw new UserError('--quick and --short are two forms: give one of them.', usageExitCode);
	const form = values.quick ? 'quick' : values.short ? 'short' : 'default';
	const rounds = Number(values.rounds ?? forms[form].rounds);
	if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
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
		rounds,
		parts: partNames.filter(name => named.includes(name)),
		...forms[form].lengths,
		cases: forms[form].cases.map(each => ({...each, rounds})),
		...(values.json === undefined ? {} : {json: values.json}),
		...(values.from === undefined ? {} : {from: values.from}),
		write: values.write,
	};
}

const everySecond = {intervalMs: 1000, windowMs: 8000};
/** As many a second as of 200 every second: more would be more than two processors bear with blackbox_exporter over TLS. */
const everyFiveSeconds = {intervalMs: 5000, windowMs: 7500};

function casesOf(scheme: Scheme): Omit<Case, 'rounds'>[] {
	return [
		{scheme, targets: 50, ...everySecond, windowMs: 6000, everyLatency: false},
		{scheme, targets: 200, ...everySecond, everyLatency: true},
		{scheme, targets: 1000, ...everyFiveSeconds, everyLatency: false},
	];
}

interface Form {
	rounds: number;
	parts: readonly Part[];
	cases: readonly Omit<Case, 'rounds'>[];
	lengths: Pick<Options, 'warmUpMs' | 'scrapeWindowMs' | 'starts' | 'scaleWindowMs'>;
}

const forms: Record<Options['form'], Form> = {
	default: {
		rounds: 5,
		parts: partNames,
		cases: [...casesOf('http'), ...casesOf('https')],
		lengths: {warmUpMs: 15_000, scrapeWindowMs: 12_000, starts: 5, scaleWindowMs: 60_000},
	},
	quick: {
		rounds: 2,
		parts: ['compare', 'scrapes', 'start-up'],
		cases: casesOf200(5000),
		lengths: {warmUpMs: 7000, scrapeWindowMs: 6000, starts: 2, scaleWindowMs: 30_000},
	},
	short: {
		rounds: 3,
		parts: ['compare', 'scrapes'],
		cases: casesOf200(3500),
		lengths: {warmUpMs: 6000, scrapeWindowMs: 4500, starts: 1, scaleWindowMs: 30_000},
	},
};

function casesOf200(windowMs: number): Omit<Case, 'rounds'>[] {
	const schemes: readonly Scheme[] = ['http', 'https'];
	return schemes.map(scheme => ({scheme, targets: 200, intervalMs: 1000, windowMs, everyLatency: false}));
}
