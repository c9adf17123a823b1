/** The page's script, style and icon: constants of this version, kept by browsers for a short while. */

import {favicon} from '../page/favicon.ts';
import {pageScript} from '../page/script.ts';
import {pageStyle} from '../page/style.ts';
import type {MakeRoute} from './types.ts';

export const pageJsRoute = constant('/page.js', 'text/javascript', pageScript);
export const pageCssRoute = constant('/page.css', 'text/css', pageStyle);
export const faviconRoute = constant('/favicon.svg', 'image/svg+xml', favicon);

function constant(path: string, type: string, text: string): MakeRoute {
	return () => ({
		method: 'get',
		path,
		handle(_request, response) {
			response.set('Cache-Control', 'max-age=300').type(type).send(text);
		},
	});
}
