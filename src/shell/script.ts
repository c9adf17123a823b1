/**
 * The script of one round for a POSIX `sh` (dash, busybox, bash): some commands at a time, each within its limit, and what came of each
 * in lines that nothing a target says can imitate. Pure.
 */

import {shellQuote} from './quote.ts';

export interface ScriptPlan {
	/** Begins every line of the output: 32 hexadecimal digits that nobody can guess. */
	token: string;
	commands: readonly ScriptCommand[];
	/** Commands at a time. */
	lanes: number;
	/** Whole seconds after which the script ends, whatever still runs. */
	deadlineSeconds: number;
}

export interface ScriptCommand {
	argv: readonly string[];
	/** Standard input; none otherwise. */
	input?: string;
	/** So much of its output is kept, and it is told to stop when it writes more. */
	maxBytes: number;
	/** Whole seconds after which it is ended, where there is a `timeout`. */
	limitSeconds: number;
}

/** Of standard error so many bytes are kept, the last ones. */
export const maxErrorBytes = 4000;

/** The script. Its output is read by `readFrames`. Throws TypeError on an argument with a NUL, or a token that is none. */
export function buildScript({token, commands, lanes, deadlineSeconds}: ScriptPlan): string {
	if (!/^[0-9a-f]{32}$/.test(token)) throw new TypeError('the token of a script must be 32 hexadecimal digits');
	const latestStart = (limit: number) => Math.max(0, deadlineSeconds - limit);
	const {names, definitions} = nameRepeated(commands.flatMap(({argv}) => argv));
	const calls = commands.map(({argv, input, maxBytes, limitSeconds}, at) => {
		const words = argv.map(word => names.get(word) ?? shellQuote(word)).join(' ');
		// One byte more shows that there was more.
		const call = `r ${at} ${maxBytes + 1} ${limitSeconds} ${latestStart(limitSeconds)} ${words}`;
		return input === undefined ? `${call} </dev/null` : `printf %s ${shellQuote(input)} | ${call}`;
	});
	const used = Math.max(1, Math.min(lanes, commands.length));
	const tracks = Array.from({length: used}, (_, lane) => calls.filter((_call, at) => at % used === lane));
	return [
		// A block is run when all of it has come, and a part of it never.
		'{',
		`T=${token}`,
		prologue,
		...definitions,
		...tracks.filter(track => track.length > 0).map(track => `{ ${track.join('\n')}\n} & p="$p $!"`),
		epilogue(deadlineSeconds, commands.length),
		'}',
		'',
	].join('\n');
}

/**
 * `o` writes a line; `u` reads the clock; `l` runs with a limit; `e` encodes; `r` runs a command and tells what came of it: `ID s` when it
 * begins (`ID x` where it is too late for that), `ID CHUNK` lines, `ID = CHUNKS FROM TO` at the end. A line is short enough to be written
 * in one go by every shell, and so never mixes with another. The output stands before a dash and standard error behind it, the exit
 * status as its last word.
 */
const prologue = `exec 2>/dev/null
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
o() { printf '%s\\n' "$T $*"; }
u() { U=-; if [ -r /proc/uptime ]; then read -r U _ </proc/uptime; fi; }
if timeout -k 1 9 true; then k=1; elif timeout -t 9 true; then k=2; else k=0; fi
l() { L=$1; shift; case $k in 1) timeout -k 1 "$L" "$@";; 2) timeout -t "$L" "$@";; *) "$@";; esac; }
if command -v base64 >/dev/null; then E=64; else E=16; fi
e() { if [ $E = 64 ]; then base64; else od -An -v -tx1 | tr -d ' '; fi; }
r() {
i=$1 m=$2 n=$3 b=$4; shift 4
u; f=$U
if [ "$f" != - ] && [ $((\${f%.*} - B)) -gt "$b" ]; then o "$i" x; return; fi
o "$i" s
w=$({ { q=$({ l "$n" "$@" 2>&4 4>&- 3>&-; echo " $?" >&4; } | head -c "$m" | e); printf '%s\\n' "$q" -; } 4>&1 >&3 | tail -c ${maxErrorBytes} | e; } 3>&1)
u; h=0 c= j=0
for x in $w; do c=$c$x j=$((j + 1)); if [ $j -ge 10 ]; then o "$i" "$c"; h=$((h + 1)) c= j=0; fi; done
if [ -n "$c" ]; then o "$i" "$c"; h=$((h + 1)); fi
o "$i" = "$h" "$f" "$U"
}
p= B=0
u; if [ "$U" != - ]; then B=\${U%.*}; fi
o begin $E`;

/** A lane whose command cannot be ended is left behind. What nobody waits for any more is ended and waited for, so that no zombie stays. */
function epilogue(deadlineSeconds: number, count: number): string {
	return `( s=; trap 'if [ -n "$s" ]; then kill $s; wait $s; fi; exit' TERM; sleep ${deadlineSeconds} & s=$!; wait $s; kill $p ) >/dev/null </dev/null & d=$!
wait $p
kill $d
wait $d
o end ${count}`;
}

/** Words that come again and again are written once: a script may have to fit into a URL. */
function nameRepeated(words: readonly string[]): {names: Map<string, string>; definitions: string[]} {
	const counts = new Map<string, number>();
	for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
	const repeated = [...counts].filter(([word, count]) => count > 1 && word.length > 10).map(([word]) => word);
	return {
		names: new Map(repeated.map((word, at) => [word, `"$a${at}"`])),
		definitions: repeated.map((word, at) => `a${at}=${shellQuote(word)}`),
	};
}
