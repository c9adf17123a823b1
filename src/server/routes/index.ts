/** `/`: the status page. */

import {renderPage} from '../page/page.ts';
import {readQuery} from '../page/query.ts';
import {sendPage} from '../send-page.ts';
import type {MakeRoute} from './types.ts';

export const indexRoute: MakeRoute = view => ({
	method: 'get',
	path: '/',
	handle(request, response) {
		const {searchParams} = new URL(request.originalUrl, 'http://localhost');
		sendPage(request, response, renderPage(view, Date.now(), readQuery(searchParams)));
	},
});
