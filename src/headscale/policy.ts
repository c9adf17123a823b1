/** The access policy, of every version from 0.23 to 0.30: whether there is one and since when. Its text is not kept. */

import {z} from 'zod';
import {known, text, timeOf} from './lenient.ts';

export interface PolicyFact {
	/** `none`: nothing is configured, and everybody may reach everything. `unreadable`: headscale cannot tell. */
	state: 'present' | 'none' | 'unreadable';
	/** Milliseconds since 1970; undefined where it stands in a file, whose time headscale does not tell. */
	updatedMs?: number;
	/** headscale's words, where it is unreadable. */
	detail?: string;
}

/** Reads the body of GET /api/v1/policy; undefined when this is no policy. */
export function parsePolicy(json: unknown): PolicyFact | undefined {
	const policy = policySchema.safeParse(json);
	if (!policy.success) return undefined;
	return {state: 'present', ...known({updatedMs: timeOf(policy.data.updatedAt)})};
}

/** What headscale's words with a 500 mean: that nothing is configured is an error to it. */
export function explainPolicyError(words: string): PolicyFact {
	if (/acl policy not found|reading policy from path ""/.test(words)) return {state: 'none'};
	return {state: 'unreadable', detail: words};
}

const policySchema = z.object({policy: z.string(), updatedAt: text});
