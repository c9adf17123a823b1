/** The alerts of alerts/*.yaml by name, for links to their runbooks. */

import {readdirSync, readFileSync} from 'node:fs';
import {parse} from 'yaml';
import {z} from 'zod';

const folder = new URL('../../alerts/', import.meta.url);
const ruleFile = z.object({groups: z.array(z.object({rules: z.array(z.object({alert: z.string().optional()}))}))});

/** Names of all alerts, sorted, each once. Throws where a file of alerts/ is no file of rules. */
export function alertNames(): readonly string[] {
	const files = readdirSync(folder).filter(name => name.endsWith('.yaml'));
	const rules = files.flatMap(name =>
		ruleFile.parse(parse(readFileSync(new URL(name, folder), 'utf8'))).groups.flatMap(group => group.rules),
	);
	return [...new Set(rules.flatMap(({alert}) => alert ?? []))].sort();
}
