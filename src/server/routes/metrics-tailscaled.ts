/** `/metrics/tailscaled`: tailscaled's own exposition of the last read; `?vantage=` where several vantages have one. */

import {refuse} from '../problem.ts';
import type {MakeRoute} from './types.ts';

export const metricsTailscaledRoute: MakeRoute = view => ({
	method: 'get',
	path: '/metrics/tailscaled',
	handle(request, response) {
		const {vantage} = request.query;
		const named = typeof vantage === 'string' && vantage !== '' ? vantage : undefined;
		if (vantage !== undefined && !view.vantages().some(({name}) => name === named)) {
			const detail = 'There is no vantage of this name; /api/v1/vantages lists them.';
			return refuse(request, response, 404, 'Not Found', detail);
		}
		const text = view.tailscaledMetrics(named);
		if (text === undefined) {
			const detail =
				"tailscaled's metrics could not be read lately, or the vantage has no tailscaled; /-/ready and the page say what stood in the way.";
			return refuse(request, response, 404, 'Not Found', detail);
		}
		response.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8').end(withoutRuntime(text));
	},
});

/** The text without the families that every Go program may have: they would pass for ours once scraped. */
function withoutRuntime(text: string): string {
	return text.replace(/^(?:#[ \t]*(?:HELP|TYPE|UNIT)[ \t]+)?(?:go|process|promhttp)_.*(?:\n|$)/gm, '');
}
