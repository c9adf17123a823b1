/** Diagnoses on demand: finds what is meant, asks around it afresh, and says whose fault it is. Few at a time, and each told in the log. */

import {ownMetrics} from '../metrics/core.ts';
import type {Exposition} from '../metrics/exposition.ts';
import {noLabels} from '../metrics/label-set.ts';
import type {DiagnoseAnswer, DiagnoseRequest} from '../server/types.ts';
import {oneLine} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {formatSpan} from '../util/readable.ts';
import {type AskTools, askAround} from './ask.ts';
import {type Departed, type DepartedNode, withChecks, withDeparted} from './departed.ts';
import {diagnose, scenesOf} from './diagnose.ts';
import type {Fresh} from './fresh.ts';
import type {Scene} from './scene.ts';
import {findSubject} from './subject.ts';
import type {Diagnosis, Subject} from './types.ts';
import {createWorld, type World, type WorldSource} from './world.ts';

/** What diagnoses are made of. */
export interface DiagnoserOptions {
	exposition: Exposition;
	log: Logger;
	tools: AskTools;
	/** What is known now; asked again after the asks. */
	source(): WorldSource;
	/** Nodes that left lately: one can ask about them still. */
	departed?: Departed;
}

/** At a time: in all, and for one caller. */
const atOnce = 4;
const atOnceOfCaller = 1;

interface Told {
	diagnosis: Diagnosis;
	unasked: readonly string[];
}

/** One asking, and everybody who waits for it. */
interface Flight {
	told: Promise<Told>;
	waiting: number;
	ending: AbortController;
}

/** Answers who asks whose fault it is: asks afresh, climbs the ladder, and counts. */
export function createDiagnoser({exposition, log, tools, source, departed}: DiagnoserOptions): {
	/** Never throws for what the world does. Whoever asks for the same at the same time shares one asking, which ends when all of them left. */
	diagnose(request: DiagnoseRequest): Promise<DiagnoseAnswer>;
} {
	const counter = exposition.counter(ownMetrics.diagnoses);
	for (const verdict of ['up', 'down', 'unknown']) counter.inc(noLabels, 0, verdict);
	const flights = new Map<string, Flight>();
	const flightsOf = new Map<string, number>();

	return {
		async diagnose(request) {
			const here = findSubject(request.subject, request.from, createWorld(source(), tools.clock.wall()));
			const left = 'field' in here && here.field === 'subject' ? departed?.find(request.subject) : undefined;
			const found = left ? {subject: {kind: 'node' as const, node: left.name}} : here;
			if ('field' in found) return {kind: 'bad_request', ...found};
			const name = nameOf(found.subject);
			if (flights.get(name)?.ending.signal.aborted) await untilLeft(name);
			const shared = flights.get(name);
			const busy = shared ? undefined : objectToNumber(request);
			if (busy !== undefined) return {kind: 'busy', detail: busy};
			const flight = shared ?? start(name, found.subject, request, left);
			const {diagnosis, unasked} = await wait(flight, request.signal);
			counter.inc(noLabels, 1, diagnosis.verdict);
			log.info(auditFields(request, name, diagnosis, shared !== undefined), 'diagnosis');
			return {kind: 'diagnosed', diagnosis, unasked};
		},
	};

	/** An asking that all others left asks nothing more: whoever comes now has another one, once it has ended. */
	async function untilLeft(name: string): Promise<void> {
		for (let left = flights.get(name); left?.ending.signal.aborted; left = flights.get(name))
			await left.told.catch(() => {});
	}

	function start(name: string, subject: Subject, request: DiagnoseRequest, left: DepartedNode | undefined): Flight {
		const caller = request.callerKey ?? request.caller;
		flightsOf.set(caller, (flightsOf.get(caller) ?? 0) + 1);
		const ending = new AbortController();
		const told = ask(subject, left, ending.signal).finally(() => {
			flights.delete(name);
			const left = (flightsOf.get(caller) ?? 1) - 1;
			if (left > 0) flightsOf.set(caller, left);
			else flightsOf.delete(caller);
		});
		const flight: Flight = {told, waiting: 0, ending};
		flights.set(name, flight);
		return flight;
	}

	async function ask(subject: Subject, left: DepartedNode | undefined, signal: AbortSignal): Promise<Told> {
		const known = () => (left ? withDeparted(source(), left) : source());
		const scenes = scenesOf(createWorld(known(), tools.clock.wall()), subject);
		const fresh = await askAround(subject, scenes, tools, signal);
		const world = createWorld(keepAsked(known(), scenes), tools.clock.wall(), fresh);
		const diagnosis = diagnose(world, subject);
		return {
			diagnosis: left && !world.node(left.name) ? asDeparted(diagnosis, left, world.nowMs) : diagnosis,
			unasked: [...fresh.unasked, ...sayKept(fresh, world)],
		};
	}

	function objectToNumber({callerKey, caller}: DiagnoseRequest): string | undefined {
		if (flights.size >= atOnce)
			return `${flights.size} diagnoses are under way, which is the limit. Try again in some seconds.`;
		const own = flightsOf.get(callerKey ?? caller) ?? 0;
		if (own < atOnceOfCaller) return undefined;
		return `${own === 1 ? 'A diagnosis' : `${own} diagnoses`} of yours is under way, which is the limit for one caller. Try again in some seconds.`;
	}
}

/** Which checks could not be looked at now, so that their last run stands. */
function sayKept({outcomes}: Fresh, world: World): string[] {
	return Array.from(outcomes).flatMap(([key, {verdict, detail}]) => {
		const view = verdict === 'unknown' ? world.check(key) : undefined;
		if (!view || world.look(view).isFresh) return [];
		const {name, target, vantage} = view.check;
		const why = detail === undefined ? '' : `: ${oneLine(detail, 200).replace(/\.$/, '')}`;
		return `${name} ${target.name} from ${vantage} could not be looked at now${why}. Its last run stands.`;
	});
}

async function wait(flight: Flight, signal: AbortSignal | undefined): Promise<Told> {
	const leave = () => {
		flight.waiting--;
		if (flight.waiting === 0) flight.ending.abort(new Error('Nobody waits for this diagnosis any more.'));
	};
	flight.waiting++;
	if (signal?.aborted) leave();
	else signal?.addEventListener('abort', leave, {once: true});
	try {
		return await flight.told;
	} finally {
		signal?.removeEventListener('abort', leave);
	}
}

/**
 * What was asked about stays, also where the asking itself found that its node left the tailnet, so that its checks are planned no
 * more: just that is to be told.
 */
function keepAsked(source: WorldSource, scenes: readonly Scene[]): WorldSource {
	return withChecks(
		source,
		scenes.flatMap(({check}) => check?.view ?? []),
	);
}

/** Nobody looks at it any more: how it is, nobody knows. */
function asDeparted(diagnosis: Diagnosis, {name, leftAtMs}: DepartedNode, nowMs: number): Diagnosis {
	const {cause = diagnosis.also.find(({about}) => about === `node ${name}`), also} = diagnosis;
	const left = `${name} left the tailnet ${formatSpan(nowMs - leftAtMs)} ago.`;
	return {
		...diagnosis,
		also: also.filter(other => other !== cause),
		verdict: 'unknown',
		sinceMs: leftAtMs,
		...(cause ? {cause: {...cause, says: `${left} ${cause.says}`}} : {}),
	};
}

function nameOf(subject: Subject): string {
	if (subject.kind === 'check') return subject.check.key;
	if (subject.kind === 'incident') return `incident ${subject.id}`;
	return subject.kind === 'node' ? `node ${subject.node}` : `vantage ${subject.vantage}`;
}

function auditFields(
	{caller, callerAddress: address}: DiagnoseRequest,
	subject: string,
	{verdict, cause, asked}: Diagnosis,
	isShared: boolean,
) {
	return {
		caller,
		...(address === undefined || address === caller ? {} : {address}),
		subject: oneLine(subject, 200),
		verdict,
		...(cause ? {cause: cause.id, about: oneLine(cause.about, 200), confidence: cause.confidence} : {}),
		...(isShared ? {shared: true} : {}),
		...(asked ? {looks: asked.looks, duration_ms: Math.round(asked.durationMs)} : {}),
	};
}
