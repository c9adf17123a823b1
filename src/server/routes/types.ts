/** A path of the HTTP side: one file each. */

import type {Request, Response} from 'express';
import type {DaemonView} from '../types.ts';

export interface Route {
	method: 'get' | 'post';
	/** Express path; parameters arrive decoded. */
	path: string;
	/** The path takes `application/json`, or what a form of a page sends, of at most so many bytes; the text arrives as `request.body`, a string. */
	body?: {maxBytes: number; type?: 'form'};
	/** What it throws becomes a 500 that tells nothing but where to look. */
	handle(request: Request, response: Response): void | Promise<void>;
}

/** Writes one line of our own log: a constant sentence and its fields; a warning unless told otherwise. */
export type Log = (event: string, fields: Record<string, unknown>, level?: 'info' | 'warn') => void;

/** Builds a route on what it may see. */
export type MakeRoute = (view: DaemonView, log: Log) => Route;
