/** `/-/reload`: reads the configuration again, all or nothing. */

import {callerOf} from '../door/caller.ts';
import {refuse, wantsJson} from '../problem.ts';
import type {MakeRoute} from './types.ts';

export const reloadRoute: MakeRoute = (view, log) => ({
	method: 'post',
	path: '/-/reload',
	async handle(request, response) {
		const {name, address} = callerOf(request);
		const result = await view.reload();
		const fields = {caller: name ?? address, ...(name === undefined ? {} : {address}), ok: result.ok};
		log('a reload was asked for', fields, result.ok ? 'info' : 'warn');
		if (result.ok) {
			if (wantsJson(request)) response.json({reloaded: true});
			else response.type('text/plain').send('The configuration was reloaded.\n');
			return;
		}
		const said = [
			'The configuration was not reloaded; the old one goes on. What is wrong with the new one:',
			...result.mistakes,
		];
		refuse(request, response, 500, 'Internal Server Error', said.join('\n'));
	},
});
