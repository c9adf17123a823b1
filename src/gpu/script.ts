/**
 * The same questions for a vantage where only a shell is: one script per round, which remembers nothing. So it asks what the driver
 * knows each time (that touches no GPU), and looks first whether an earlier nvidia-smi still hangs.
 */

import type {ShellCommand, ShellOutput} from '../probes/types.ts';
import {CannotLookError} from '../util/errors.ts';
import {mostOutputBytes, type SmiAnswer} from './answer.ts';
import {leastFields, wantedFields} from './fields.ts';
import {parseCudaVersion} from './parse.ts';

/** What runs there: fixed text, with the program and the fields as its arguments. `proc` is for tests. Pure. */
export function smiCommand(command: string, proc = '/proc'): ShellCommand {
	const fields = wantedFields.map(names => names.join('/'));
	return {
		argv: ['sh', '-c', script, 'tailprobe-gpu', proc, command, leastFields.join(','), ...fields],
		// Of a program that writes without end so much more is seen that it shows.
		maxBytes: mostOutputBytes * 2,
	};
}

/**
 * A process that is in the driver (state D) at two looks a second apart hangs: a healthy one is there for milliseconds.
 * Of the help only the quoted names are looked through, where there is a grep: the whole costs a shell a tenth of a second.
 * Nothing is put between the rows and the line that ends them, so that half a row is never taken for a whole one.
 */
const script = `
proc=$1 smi=$2 least=$3
shift 3
LC_ALL=C
export LC_ALL
name=$(printf %.15s "\${smi##*/}")
stuck() {
	for stat in "$proc"/[0-9]*/stat; do
		{ read -r line <"$stat"; } 2>/dev/null || continue
		case $line in *" ($name) D "*) printf '%s ' "\${line%% *}" ;; esac
	done
}
seen=$(stuck)
if [ -n "$seen" ]; then
	sleep 1
	again=" $(stuck)"
	for pid in $seen; do
		case $again in *" $pid "*) echo "tailprobe-gpu hanging"; exit 0 ;; esac
	done
fi
command -v "$smi" >/dev/null 2>&1 || { echo "tailprobe-gpu missing"; exit 0; }
help=$("$smi" --help-query-gpu 2>/dev/null)
quoted=$(printf '%s\\n' "$help" | grep -o '"[a-zA-Z0-9_.]*"' 2>/dev/null) && help=$quoted
fields=
case $help in *'"index"'*)
	for names in "$@"; do
		for field in "\${names%%/*}" "\${names##*/}"; do
			case $help in *"\\"$field\\""*) fields=$fields,$field; break ;; esac
		done
	done ;;
esac
fields=\${fields#,}
fields=\${fields:-$least}
echo "tailprobe-gpu fields $fields"
"$smi" "--query-gpu=$fields" --format=csv,noheader,nounits
status=$?
echo "tailprobe-gpu exit $status"
[ $status -eq 0 ] || exit 0
"$smi" --version 2>/dev/null || "$smi" 2>/dev/null
exit 0
`;

/** What came of the script. Throws CannotLookError (`incomplete`) where it was cut, (`unsupported`) where there is no shell. Pure. */
export function readScript({status, stdout, stderr, timedOut, cut}: ShellOutput, budgetMs: number): SmiAnswer {
	const text = stdout.toString('utf8');
	const nothing = {fields: [], stdout: '', stderr: '', seconds: budgetMs / 1000};
	if (/^tailprobe-gpu hanging\n/.test(text)) return {end: 'hanging', fields: [], stdout: '', stderr: ''};
	if (/^tailprobe-gpu missing\n/.test(text)) return {end: 'missing', fields: [], stdout: '', stderr: ''};
	const [start, names = ''] = /^tailprobe-gpu fields ([a-z0-9_.,]{1,4000})\n/i.exec(text) ?? [];
	if (start === undefined) {
		if (timedOut) return {...nothing, end: 'hung'};
		if (status === 127) throw new CannotLookError('unsupported', 'There is no sh here to ask nvidia-smi with.');
		throw new CannotLookError('incomplete', `The shell that asks nvidia-smi ended with ${status} before it asked.`);
	}
	// More were not asked.
	const fields = names.split(',', wantedFields.length);
	const rest = text.slice(start.length);
	const ending = /tailprobe-gpu exit (\d{1,3})\n/.exec(rest);
	if (!ending) {
		if (cut || rest.length > mostOutputBytes) return {...nothing, end: 'endless', fields, stderr};
		if (timedOut) return {...nothing, end: 'hung', fields, stdout: rest, stderr};
		throw new CannotLookError('incomplete', 'The output of nvidia-smi was cut before its end.');
	}
	const exitCode = Number(ending[1]);
	if (exitCode === 126) return {end: 'forbidden', fields, stdout: '', stderr};
	if (ending.index > mostOutputBytes) return {...nothing, end: 'endless', fields, stderr};
	const cudaVersion = parseCudaVersion(rest.slice(ending.index + ending[0].length));
	return {
		end: 'exited',
		...endOf(exitCode),
		fields,
		stdout: rest.slice(0, ending.index),
		stderr,
		...(cudaVersion === undefined ? {} : {cudaVersion}),
	};
}

/** A shell tells a signal as 128 and more. 255 is nvidia-smi's own. */
function endOf(exitCode: number): Pick<SmiAnswer, 'exitCode' | 'signal'> {
	return exitCode > 128 && exitCode < 160 ? {signal: `signal ${exitCode - 128}`} : {exitCode};
}
