/** The pages of single checks and nodes: from memory by GET, asked afresh by POST, which the front door guards. */

import type {Request, Response} from 'express';
import {askedBy} from '../door/caller.ts';
import {renderCheckPage} from '../page/check-page.ts';
import {renderMissingPage} from '../page/missing-page.ts';
import {renderNodePage} from '../page/node-page.ts';
import {sendPage} from '../send-page.ts';
import type {DiagnoseAnswer} from '../types.ts';
import type {MakeRoute} from './types.ts';

const renderers = {check: renderCheckPage, node: renderNodePage};

function pageOf(kind: keyof typeof renderers, path: string): MakeRoute {
	return view => ({
		method: 'get',
		path: `${path}/:name`,
		handle(request, response) {
			const name = String(request.params.name);
			const page = renderers[kind](view, name, Date.now());
			if (page === undefined) sendPage(request, response, renderMissingPage(view, kind, name, '../'), 404);
			else sendPage(request, response, page);
		},
	});
}

const statuses: Record<DiagnoseAnswer['kind'], number> = {diagnosed: 200, busy: 429, bad_request: 422, elsewhere: 503};

function askOf(kind: keyof typeof renderers, path: string): MakeRoute {
	return view => ({
		method: 'post',
		path: `${path}/:name/diagnose`,
		async handle(request: Request, response: Response) {
			const subject = String(request.params.name);
			const isThere = renderers[kind](view, subject, Date.now()) !== undefined;
			const answer = isThere ? await view.diagnose({subject, ...askedBy(request, response)}) : undefined;
			// It may have gone meanwhile.
			const page = answer && renderers[kind](view, subject, Date.now(), answer);
			if (page === undefined || !answer)
				sendPage(request, response, renderMissingPage(view, kind, subject, '../../'), 404);
			else sendPage(request, response, page, statuses[answer.kind]);
		},
	});
}

export const checkPageRoute = pageOf('check', '/checks');
export const nodePageRoute = pageOf('node', '/nodes');
export const askCheckRoute = askOf('check', '/checks');
export const askNodeRoute = askOf('node', '/nodes');
