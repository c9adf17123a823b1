/** Waits for a condition, not for a while. */

import {setTimeout as wait} from 'node:timers/promises';

/** Resolves when the condition holds, looked at every `intervalMs`; rejects after `limitMs`, saying what was waited for. */
export async function until(
	condition: () => boolean | Promise<boolean>,
	limitMs = 30_000,
	intervalMs = 20,
): Promise<void> {
	const giveUpAt = Date.now() + limitMs;
	while (!(await condition())) {
		if (Date.now() > giveUpAt) throw new Error(`this did not come true within ${limitMs} ms: ${condition}`);
		await wait(intervalMs);
	}
}
