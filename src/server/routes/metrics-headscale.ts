/** `/metrics/headscale`: headscale's own exposition of the last read, without what its runtime says about itself. */

import {refuse} from '../problem.ts';
import type {MakeRoute} from './types.ts';

export const metricsHeadscaleRoute: MakeRoute = view => ({
	method: 'get',
	path: '/metrics/headscale',
	handle(request, response) {
		const text = view.headscaleMetrics();
		if (text === undefined) {
			const detail = "headscale's metrics could not be read lately; /-/ready and the page say what stood in the way.";
			return refuse(request, response, 404, 'Not Found', detail);
		}
		response.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8').end(withoutRuntime(text));
	},
});

/** The text without the families that every Go program has: they would pass for ours once scraped. */
function withoutRuntime(text: string): string {
	return text.replace(/^(?:#[ \t]*(?:HELP|TYPE|UNIT)[ \t]+)?(?:go|process|promhttp)_.*(?:\n|$)/gm, '');
}
