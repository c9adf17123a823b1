/** The words that a viewer needs to read the dashboards, at the very top of the first one. */

import {text} from './panels.ts';

export const wordsPanel = text({
	title: 'Words',
	description: 'What the words mean that all dashboards of tailprobe use.',
	span: 24,
	height: 4,
	lines: [
		'**Link**: one check from one vantage to one target. **Vantage**: a place that looks; while it cannot look, its links are unknown, not down.',
		'**Tunnel**: the WireGuard connection between two machines. **DERP**: the relay that carries it, slowly, while the two find no direct path.',
		'**Voice path**: what a call needs. Broken: a link that pages by itself is down, or a pool has fewer usable machines than its minimum.',
	],
});
