/** What a child process gets of our own environment, which may hold secrets: only what it is known to need. */

/** Those of these variables that are set, and messages in the language that we read. */
export function smallEnvironment(names: readonly string[]): Record<string, string> {
	const set = names.flatMap(name => {
		const value = process.env[name];
		return value === undefined ? [] : [[name, value] as const];
	});
	return {...Object.fromEntries(set), LC_ALL: 'C'};
}
