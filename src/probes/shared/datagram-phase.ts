/** The phase of a question by datagrams: from the one that left to what answered it. */

import type {DatagramTimes} from '../../net/udp-exchange.ts';
import {noteAnswered} from './answered.ts';
import type {Findings} from './failed-reading.ts';

/**
 * Notes `processing` for an exchange that is over, however it ended: from the transmission that was answered, or the first. Making the
 * socket is ours and stays out; where nothing could be sent, the phase began and took no time.
 */
export function noteDatagrams(
	{sentAt, endAt, heardAt}: DatagramTimes,
	{clock, facts}: Pick<Findings, 'clock' | 'facts'>,
	answered = 0,
): void {
	if (heardAt !== undefined) noteAnswered(facts);
	const end = endAt ?? performance.now();
	clock.enter('processing', sentAt[answered] ?? end);
	clock.leave(end);
}
