/** The rung of the connection: TCP to the port of the service. */

import {asSentence} from '../../util/words.ts';
import {
	detailOf,
	didConnect,
	endOf,
	evidenceAround,
	isDialled,
	machineName,
	portWords,
	tookIn,
} from '../seen/service-words.ts';
import type {RungLook} from './types.ts';

/** Whether the service takes connections. */
export const connectRung: RungLook = {
	name: 'connect',
	look(scene) {
		const {check} = scene;
		if (!check || !isDialled(check)) return undefined;
		const isClosed = check.view.check.expect === 'unreachable';
		const evidence = evidenceAround(
			scene,
			isClosed ? 'no connection at all' : `a connection within ${secondsOf(check)}`,
		);
		const what = `${machineName(scene)} takes connections to ${portWords(check)}`;
		if (isClosed && check.verdict !== 'unknown') {
			const isOpen = check.verdict === 'down' && check.outcome?.reason === 'expected_unreachable';
			if (!isOpen && check.verdict === 'down') return {state: 'unseen', says: asSentence(detailOf(check)), evidence};
			return isOpen
				? {state: 'broken', says: `${what}, and must not.`, evidence}
				: {
						state: 'holds',
						says: `${machineName(scene)} takes no connection to ${portWords(check)}, as it must be.`,
						evidence,
					};
		}
		const came = didConnect(check);
		if (came === true) {
			const by = check.outcome?.reading?.facts.dial === 'proxy' ? " through tailscaled's SOCKS5 proxy" : '';
			return {state: 'holds', says: `${what}${tookIn(check, ['connect', 'connect_proxy'])}${by}.`, evidence};
		}
		const end = endOf(check);
		if (end === 'connect') return {state: 'broken', says: asSentence(detailOf(check)), evidence};
		const why = end === 'name' ? 'The run ended before it had an address.' : 'The last run does not tell.';
		return {
			state: 'unseen',
			says: check.verdict === 'unknown' && detailOf(check) !== '' ? asSentence(detailOf(check)) : why,
			evidence,
		};
	},
};

function secondsOf({view: {check}}: {view: {check: {timeoutMs: number}}}): string {
	return `${check.timeoutMs / 1000} s`;
}
