/** Whether a target did what only a reachable one can do. */

/**
 * Notes it as the fact by which `expect: unreachable` judges (engine/turn-round.ts), as soon as it is known and for the rest of the
 * run: a connection to the target came about, or a byte, a datagram or the reply to a ping came from there. A failure later in the
 * run takes nothing back.
 */
export function noteAnswered(facts: Record<string, string>): void {
	facts.answered = 'true';
}
