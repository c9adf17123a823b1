/** Diagnoses and incidents as the API gives them, for the command line. */

import type {CauseJson, DiagnosisJson, IncidentJson} from '../../src/server/diagnosis-json.ts';

/** When everything in here was answered: 2023-11-14T22:13:20Z. */
export const answeredAt = Date.parse('2023-11-14T22:13:20Z');

export function aCauseJson(part: Partial<CauseJson> = {}): CauseJson {
	return {
		id: 'service-refused',
		title: 'The service does not listen',
		rung: 'connect',
		confidence: 'certain',
		effect: 'breaks',
		about: 'port 8000 on june-gpu-1',
		says: 'june-gpu-1 refused the connection to port 8000, and its tunnel is up.',
		means: 'The machine answers, so nothing listens on that port: the program ended. Restart it.',
		evidence: [
			{
				says: 'tts june-gpu-1 from cluster is down (refused): It refused the connection.',
				at: '2023-11-14T22:13:19Z',
				fresh: true,
			},
			{
				says: 'tunnel june-gpu-1 from cluster is up, direct, 12.0 ms.',
				at: '2023-11-14T22:13:17Z',
			},
		],
		next: [
			{where: 'june-gpu-1', run: "ss -ltnp 'sport = :8000'", why: 'Does anything listen on that port?'},
			{
				where: 'wherever tailprobe is',
				run: 'tailprobe probe --check tts --from cluster june-gpu-1',
				why: 'Is it still so?',
			},
		],
		runbook: 'docs/diagnosis.md#service-refused',
		...part,
	};
}

/** `tts june-gpu-1` from `cluster` is down: nothing listens. */
export function aDiagnosisJson(part: Partial<DiagnosisJson> = {}): DiagnosisJson {
	return {
		subject: {
			kind: 'check',
			name: 'tts/cluster/june-gpu-1',
			check: 'tts',
			vantage: 'cluster',
			target: 'june-gpu-1',
			peer: 'june-gpu-1',
		},
		verdict: 'down',
		since: '2023-11-14T22:10:10Z',
		ladder: [
			{
				rung: 'vantage',
				title: 'own vantage',
				state: 'holds',
				says: 'The vantage cluster is sound.',
				evidence: [{says: 'The vantage cluster is sound.', at: '2023-11-14T22:13:18Z'}],
			},
			{rung: 'machine', title: 'instance and pod', state: 'unseen', says: 'Nobody looks at it.', evidence: []},
			{
				rung: 'connect',
				title: 'connection',
				state: 'broken',
				says: 'It refused the connection.',
				evidence: [
					{
						says: 'It refused the connection.',
						wanted: 'a connection to port 8000 within 2 s',
						at: '2023-11-14T22:13:19Z',
						fresh: true,
					},
				],
			},
			{rung: 'answer', title: 'answer', state: 'unseen', says: 'There is no connection.', evidence: []},
		],
		cause: aCauseJson(),
		also: [
			aCauseJson({
				id: 'control-frozen',
				title: 'headscale does not answer',
				about: 'headscale',
				confidence: 'likely',
				effect: 'beside',
			}),
		],
		shared: {count: 5, checks: ['tts/gpu2/june-gpu-1', 'tts/gpu3/june-gpu-1', 'tts/gpu4/june-gpu-1', 'tts/gpu5/x']},
		asked: {at: '2023-11-14T22:13:18.800Z', durationSeconds: 1.2, looks: 6},
		unasked: ['The relay fra was not asked: its time was up.'],
		...part,
	};
}

export function anIncidentJson(part: Partial<IncidentJson> = {}): IncidentJson {
	return {
		id: 'service-refused port 8000 on june-gpu-1',
		state: 'down',
		about: 'tts on june-gpu-1',
		since: '2023-11-14T22:10:10Z',
		cause: aCauseJson(),
		checks: {count: 1, keys: ['tts/cluster/june-gpu-1']},
		...part,
	};
}
