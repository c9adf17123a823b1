/** One line per check, and how many passed and failed at the end. */

export interface Report {
	check(passed: boolean, what: string, seen?: string): void;
	/** Prints the last line; answers the exit status. */
	end(): number;
}

export function createReport(print: (text: string) => void = text => process.stdout.write(text)): Report {
	let passed = 0;
	let failed = 0;
	return {
		check(isGood, what, seen) {
			if (isGood) passed++;
			else failed++;
			print(`${isGood ? '  ✔' : '  ✘'} ${what}${seen === undefined ? '' : `: ${seen}`}\n`);
		},
		end() {
			print(`\n${passed} passed, ${failed} failed\n`);
			// Nothing at all is no success.
			return failed === 0 && passed > 0 ? 0 : 1;
		},
	};
}
