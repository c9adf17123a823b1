/** Answers of headscale that cannot be used, in words for a person. */

import {z} from 'zod';
import {oneLine} from '../util/errors.ts';
import {type Answer, HeadscaleError} from './get.ts';

/** An answer with what it answers. */
export interface Page extends Answer {
	tried: string;
	/** Name of the setting that holds the address. */
	setting: string;
}

/** headscale's own words in an error; undefined when somebody else worded it. `key` is taken out of them. */
export function errorWords({text}: Answer, key?: string): string | undefined {
	const {data} = errorSchema.safeParse(tryJson(text));
	return data ? hide(data, key) : undefined;
}

const maxErrorLength = 16 * 1024;

/** Why an answer cannot be used, as a sentence. */
export function refusal({tried, setting, status, headers, text}: Page, wanted: string, key?: string): HeadscaleError {
	// What says more than an error does is no error, and costs as much to read as what it is instead.
	const short = text.slice(0, maxErrorLength);
	const words = hide((short === text && errorSchema.safeParse(tryJson(text)).data) || short, key);
	const said = words === '' ? 'The answer was empty.' : `The answer said: "${words}".`;
	// headscale up to 0.26 refuses a key that it does not know with 500 and this word.
	if (status === 401 || (key !== undefined && status === 500 && text.trim() === 'Unauthorized')) {
		return new HeadscaleError(
			key === undefined
				? `${tried} was refused with 401, although ${wanted} needs no key: something before headscale asks for a login. ${said}`
				: `${tried} was refused with ${status}: the API key is wrong or has expired. Create one with "headscale apikeys create" and put it where headscale.api_key points. ${said}`,
			`status ${status}`,
			key === undefined ? 'foreign' : 'unauthorized',
		);
	}
	if (status >= 300 && status < 400) {
		const location = hide(String(headers.location ?? 'nowhere').replace(/[?#].*$/s, ''), key);
		return new HeadscaleError(
			`${tried} was redirected with ${status} to ${location}, and redirects are not followed. Put headscale's own address into ${setting}.`,
			`status ${status}`,
			'foreign',
		);
	}
	if (status !== 200) {
		return new HeadscaleError(
			`${tried} answered ${status}, wanted was 200 with ${wanted}. ${said} headscale's log may say more.`,
			`status ${status}`,
			// headscale words its errors as JSON; what stands before it and does not reach it does not.
			status >= 502 && status <= 504 && errorWords({status, headers, text}) === undefined ? 'foreign' : undefined,
		);
	}
	// Broken JSON is never quoted: it may hold pre-auth keys, which headscale up to 0.27 tells in plain text.
	const looksJson = /^\s*[[{]/.test(text);
	const came = looksJson
		? `JSON that is cut short or of another shape (${text.length} characters)`
		: 'something that is not JSON';
	return new HeadscaleError(
		`${tried} answered with ${came}, wanted was ${wanted}. Does ${setting} lead to headscale itself?${looksJson ? '' : ` ${said}`}`,
		undefined,
		looksJson ? undefined : 'foreign',
	);
}

/** JSON, or undefined when it is none. */
export function tryJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function hide(raw: string, key: string | undefined): string {
	return oneLine(key === undefined ? raw : raw.replaceAll(key, '<redacted>'), 200);
}

/** Both ways in which headscale words an error: gateway (0.23–0.29) and problem+json (0.30). */
const errorSchema = z.union([
	z.object({message: z.string().min(1)}).transform(({message}) => message),
	z
		.object({
			title: z.string().optional(),
			detail: z.string().optional(),
			// Their `value` may repeat what was sent.
			errors: z
				.array(z.object({message: z.string()}))
				.optional()
				.catch(undefined),
		})
		.transform(({title, detail, errors = []}) =>
			[title, detail, ...errors.slice(0, 3).map(({message}) => message)].filter(Boolean).join(': '),
		),
]);
