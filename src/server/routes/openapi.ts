/** `/openapi.json`: every path with what it takes and gives. Put together when somebody asks for the first time. */

import type {MakeRoute} from './types.ts';

export const openapiRoute: MakeRoute = view => {
	let text: Promise<string> | undefined;
	return {
		method: 'get',
		path: '/openapi.json',
		async handle(_request, response) {
			text ??= import('../openapi.ts').then(({describeApi}) => JSON.stringify(describeApi(view.version)));
			response.type('application/json').send(await text);
		},
	};
};
