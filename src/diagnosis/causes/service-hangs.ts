import {formatLatency} from '../../util/readable.ts';
import {commandOf, probeCommand} from '../commands.ts';
import type {Look, Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {doesGpuExplain} from '../seen/gpu-state.ts';
import {
	endOf,
	evidenceAround,
	isService,
	machineName,
	portWords,
	secondsIn,
	servicesBeside,
	whileUp,
} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause, Confidence} from '../types.ts';

export const serviceHangs: Cause = {
	id: 'service-hangs',
	rung: 'answer',
	title: 'The service takes connections and does not answer',
	means:
		'The connection is opened, by the system of the machine, and the program behind it does not answer in time: it is stuck, overloaded, or still loading. Restarting it helps more often than waiting. If every service of the machine does so, the machine itself is stuck: out of memory, of processor or of disk.',
	find(scene) {
		const {check, elsewhere, vantageName} = scene;
		if (!isService(check) || check.verdict !== 'down' || !isHanging(check)) return undefined;
		const isInTls = endOf(check) === 'tls';
		const beside = servicesBeside(scene);
		const alike = beside.filter(isHanging);
		const areAll = alike.length > 0 && alike.length === beside.length;
		const where = machineName(scene);
		const works = elsewhere.find(look => look.verdict === 'up' && isSeenSince(look, check));
		return {
			effect: doesGpuExplain(scene) ? 'beside' : 'breaks',
			...(isInTls ? {rung: 'tls' as const} : {}),
			confidence: works ? 'consistent' : confidenceOf(scene),
			about: areAll ? `node ${where}` : serviceName(check),
			says: [
				`${where} takes connections to ${areAll ? 'all its ports' : portWords(check)}${whileUp(scene)}, and ${sayHow(check)}.`,
				...sayBigPackets(scene),
				...(works
					? [`From ${works.view.check.vantage} it answers, so the way from ${vantageName} may lose large packets.`]
					: []),
			].join(' '),
			evidence: [
				...evidenceAround(scene, `an answer within ${check.view.check.timeoutMs / 1000} s`, beside),
				...evidenceOfBigPings(scene),
			],
			next: [
				areAll
					? commandOf(where, ['uptime'], 'Whether the machine is overloaded.')
					: commandOf(
							where,
							['ss', '-ltnp'],
							`Which program listens on ${portWords(check)}: look at its log, then restart it.`,
						),
				probeCommand(scene, 'Whether it answers now, and in which phase it waits.'),
			],
		};
	},
};

/** Timed out after the connection was opened. */
function isHanging(look: Look): boolean {
	const {outcome, verdict, view} = look;
	if (verdict !== 'down' || outcome?.reason !== 'timeout' || view.check.expect) return false;
	const end = endOf(look);
	return end === 'tls' || end === 'answer';
}

function sayHow(look: Look): string {
	const waited = secondsIn(look, ['tls', 'processing', 'transfer']);
	const after = waited === undefined ? 'in time' : `within ${formatLatency(waited)}`;
	if (endOf(look) === 'tls') return `says nothing in the TLS handshake ${after}`;
	if (look.outcome?.reading?.facts.phase === 'transfer')
		return `begins to answer and does not come to the end ${after}`;
	return `does not answer ${after}`;
}

/** A path that loses large packets looks the same: the connection opens with small ones. */
function confidenceOf({world: {fresh}, check}: Scene): Confidence {
	const big = fresh?.bigPing;
	// Those that come back small clear the way there alone.
	if (big && big.answered > 0) return big.by === 'disco' ? 'likely' : 'certain';
	if (big || check?.outcome?.reading?.facts.phase === 'transfer') return 'consistent';
	return 'likely';
}

function sayBigPackets({world: {fresh}}: Scene): string[] {
	const big = fresh?.bigPing;
	if (!big || big.sent === 0) return [];
	return big.answered > 0
		? [
				big.by === 'disco'
					? `Pings of ${big.bytes} bytes reach it, so the way there passes large packets.`
					: `Pings of ${big.bytes} bytes come through, so it is not the size of packets.`,
			]
		: [`Pings of ${big.bytes} bytes get no answer either, so large packets may be lost on the way.`];
}

function evidenceOfBigPings({world: {fresh}}: Scene) {
	const big = fresh?.bigPing;
	if (!fresh || !big) return [];
	return [
		{
			says: `${big.answered} of ${big.sent} pings of ${big.bytes} bytes were answered.`,
			wanted: 'all of them',
			atMs: fresh.atMs,
			fresh: true as const,
		},
	];
}
