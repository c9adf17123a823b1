/** Worlds and scenes made of plain data, for causes and rungs. */

import type {Fresh} from '../../src/diagnosis/fresh.ts';
import {type Scene, sceneOfCheck, sceneWithoutCheck, type World} from '../../src/diagnosis/scene.ts';
import {createWorld, type WorldSource} from '../../src/diagnosis/world.ts';
import type {Check, DownReason, Reading, UnknownReason} from '../../src/engine/types.ts';
import type {CheckView, SourceView} from '../../src/server/types.ts';
import type {VantageState} from '../../src/vantages/types.ts';
import {aCheck, aCheckView, anOutcome, aReading, aVantage, fakeDaemon, someTime} from './fake-daemon.ts';

export {someTime};

/** What is known besides the checks. */
export interface Around extends Partial<Omit<WorldSource, 'checks'>> {
	fresh?: Fresh;
	nowMs?: number;
}

export function aWorld(checks: readonly CheckView[], {fresh, nowMs = someTime, ...around}: Around = {}): World {
	return createWorld(fakeDaemon({...around, checks: () => checks}), nowMs, fresh);
}

/** The scene around the first of the checks. */
export function aScene(checks: readonly [CheckView, ...CheckView[]], around: Around = {}): Scene {
	const world = aWorld(checks, around);
	return sceneOfCheck(world, world.look(checks[0]));
}

export function aSceneWithoutCheck(vantage: string, peer: string, around: Around = {}): Scene {
	return sceneWithoutCheck(aWorld([], around), vantage, peer);
}

/** A check to a node, with `check/vantage/target` as its key. */
export function aLink(part: Partial<Omit<Check, 'target'>> & {target?: Partial<Check['target']>} = {}): Check {
	const {name = 'tts', vantage = 'cluster', target = {}} = part;
	const whole = {
		name: 'june-gpu-1',
		address: 'http://june-gpu-1:8000/healthz',
		via: 'tailnet' as const,
		peer: 'june-gpu-1',
		...target,
	};
	return {...aCheck(), ...part, name, vantage, target: whole, key: part.key ?? `${name}/${vantage}/${whole.name}`};
}

export function aTunnel(part: Parameters<typeof aLink>[0] = {}): Check {
	return aLink({name: 'tunnel', type: 'tunnel', ...part, target: {address: 'june-gpu-1', ...part.target}});
}

export function isUp(check: Check, reading: Partial<Reading> = {}): CheckView {
	const outcome = anOutcome({key: check.key, startedAt: someTime - 3000, reading: aReading(reading)});
	return aCheckView({check, verdict: 'up', last: outcome});
}

/** Down since a minute, for this reason. */
export function isDown(
	check: Check,
	reason: DownReason,
	detail = `The run was down: ${reason}.`,
	reading: Partial<Reading> = {},
): CheckView {
	return aCheckView({
		check,
		verdict: 'down',
		confirmed: true,
		downSince: someTime - 60_000,
		downReason: reason,
		reasonSince: someTime - 60_000,
		last: anOutcome({
			key: check.key,
			startedAt: someTime - 3000,
			verdict: 'down',
			reason,
			detail,
			reading: {...aReading(), ok: false, reason, detail, ...reading},
		}),
	});
}

/** Nobody could look, for a minute. */
export function isUnknown(check: Check, reason: UnknownReason, detail = `Nobody could look: ${reason}.`): CheckView {
	const {reading: _reading, ...outcome} = anOutcome({
		key: check.key,
		startedAt: someTime - 3000,
		verdict: 'unknown',
		reason,
		detail,
	});
	return aCheckView({
		check,
		verdict: 'unknown',
		unknownSince: {ms: someTime - 60_000, atLeast: false},
		last: outcome,
	});
}

/** A source that was read 4 s ago. */
export function aSource(part: Partial<SourceView> = {}): SourceView {
	return {
		name: 'headscale-health',
		ok: true,
		lastTriedAt: someTime - 4000,
		lastSuccessAt: someTime - 4000,
		seconds: 0.02,
		...part,
	};
}

/** A source that cannot be read since five minutes. */
export function aFailingSource(name: string, part: Partial<SourceView> = {}): SourceView {
	return aSource({
		name,
		ok: false,
		lastSuccessAt: someTime - 301_000,
		failingSince: someTime - 300_000,
		detail: 'It did not answer.',
		...part,
	});
}

/** The local vantage, sick since two minutes: its tailnet checks are unknown. */
export function aSickVantage(part: Partial<VantageState> = {}): VantageState {
	return aVantage({condition: 'sick', sinceMs: someTime - 120_000, detail: 'It is sick.', ...part});
}

/** A GPU machine that looks by its agent, or cannot. */
export function aRemoteVantage(part: Partial<VantageState> = {}): VantageState {
	return aVantage({name: 'june-gpu-1', type: 'agent', group: 'gpu', sinceMs: someTime - 120_000, ...part});
}
