/** What stands between the daemon and an agent, in sentences. */

import type {RefusalCode} from '../agent/wire.ts';
import {loopbackAdvice} from '../net/guard.ts';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';
import {asSentence} from '../util/words.ts';

/** The agent cannot be used at present. `message` is one sentence: what was tried, what came, what to do. */
export class AgentError extends Error {
	override name = 'AgentError';
	/** Waiting does not mend it. */
	readonly unsupported: boolean;
	readonly code: RefusalCode | undefined;
	/** The agent said so itself. */
	readonly isProved: boolean;

	constructor(
		message: string,
		{unsupported = false, code, isProved = false}: {unsupported?: boolean; code?: RefusalCode; isProved?: boolean} = {},
	) {
		super(message);
		this.unsupported = unsupported;
		this.code = code;
		this.isProved = isProved;
	}
}

/**
 * Words for an agent that turns a request away; the code is from a closed list. What it did not prove anybody may have said who has the
 * port.
 */
export function explainRefusal(code: RefusalCode, place: string, isProved: boolean): string {
	const words: Record<RefusalCode, string> = {
		request: 'does not understand our request: have both sides the same version?',
		boot: 'was started anew meanwhile.',
		clock: 'takes the time of our request for wrong, which was reckoned from its own: it stood still meanwhile.',
		address: 'does not have this address: something passes its connections on.',
		proof: 'has another secret than we have: give both sides the same.',
		replay: 'had this request before: something repeats what we send.',
		busy: 'has too much to do.',
		superseded:
			'was taken over by another daemon with the same secret: give each daemon agents or a secret of its own.',
		failed: 'failed.',
	};
	if (isProved) return `The agent at ${place} ${words[code]}`;
	return `Something at ${place} says that it ${words[code]} It does not prove that it is our agent.`;
}

/** Why no connection came about. */
export function explainDial(error: unknown, place: string): AgentError {
	if (error instanceof AgentError) return error;
	if (error instanceof TargetDownError) {
		const {reason, message} = error;
		if (reason === 'refused')
			return new AgentError(
				`Nothing listens at ${place}: is \`tailprobe agent\` running there, and allowed to listen?`,
			);
		if (reason === 'wrong_network' || reason === 'forbidden')
			return new AgentError(
				asSentence(`The agent at ${place} is not dialled: ${message.replace(loopbackAdvice, agentAdvice)}`),
			);
		return unreached(message);
	}
	if (error instanceof CannotLookError) return unreached(error.message);
	if (isTimeout(error)) return new AgentError(`The agent at ${place} did not answer in time.`);
	return unreached(messageOf(error));

	function unreached(why: string): AgentError {
		return new AgentError(asSentence(`The agent at ${place} cannot be reached: ${why}`));
	}
}

/** In place of what is advised for targets. */
const agentAdvice = 'give the address of that machine in the tailnet';

function isTimeout(error: unknown): boolean {
	return error instanceof Error && error.name === 'TimeoutError';
}
