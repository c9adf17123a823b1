/** `/`: the status page. */

import {renderPage} from '../page/page.ts';
import type {MakeRoute} from './types.ts';

export const indexRoute: MakeRoute = view => ({
	method: 'get',
	path: '/',
	handle(_request, response) {
		response.type('text/html').send(renderPage(view, Date.now()));
	},
});
