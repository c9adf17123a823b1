/** Runs the headscale command line: arguments as they are, no shell, bounded in time and output, with a small environment. */

import {stat} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {messageOf, oneLine} from '../../util/errors.ts';
import {smallEnvironment} from '../../util/small-environment.ts';
import {HeadscaleError} from '../get.ts';
import {tryJson} from '../refusal.ts';

export interface RunOptions {
	/** How headscale is called here, such as `['headscale', '-c', FILE]` or `['kubectl', 'exec', POD, '--', 'headscale']`. */
	command: readonly [string, ...string[]];
	/** What follows it. */
	args: readonly string[];
	timeoutMs: number;
	/** A longer output is refused, and the command is ended. */
	maxOutputBytes: number;
	signal?: AbortSignal | undefined;
}

/** The command ran and failed; `said` holds the beginning of its standard error as it came, which no log or page may show. */
export class CommandFailedError extends HeadscaleError {
	override name = 'CommandFailedError';
	readonly said: string;

	constructor(message: string, said: string) {
		super(message);
		this.said = said;
	}
}

/**
 * What of our environment the command sees: how to find programs, files of the user, the ssh agent, and a cluster. Everything else stays
 * here, because it may be a secret of ours.
 */
export const passedVariables: readonly string[] = [
	'PATH',
	'HOME',
	'USER',
	'LOGNAME',
	'TMPDIR',
	'HEADSCALE_CONFIG',
	'SSH_AUTH_SOCK',
	'KUBECONFIG',
	'KUBERNETES_SERVICE_HOST',
	'KUBERNETES_SERVICE_PORT',
];

/**
 * The standard output of a command that ended with 0. Rejects with CommandFailedError when it ended otherwise, with another
 * HeadscaleError when it could not be run to its end, or with the signal's reason. No error quotes the output, which may hold keys.
 */
export async function runHeadscale({command, args, timeoutMs, maxOutputBytes, signal}: RunOptions): Promise<string> {
	const tried = describeCommand(command, args);
	const [program, ...prefix] = command;
	const {execa} = await import('execa');
	signal?.throwIfAborted();
	const result = await execa(program, [...prefix, ...args], {
		reject: false,
		...(signal ? {cancelSignal: signal} : {}),
		timeout: timeoutMs,
		// It only reads; and what it started (ssh, a shell) must not hold its output open.
		killSignal: 'SIGKILL',
		killDescendants: true,
		encoding: 'buffer',
		maxBuffer: {stdout: maxOutputBytes, stderr: maxErrorBytes},
		stdin: 'ignore',
		stripFinalNewline: false,
		extendEnv: false,
		env: smallEnvironment(passedVariables),
	});
	if (signal?.aborted) throw signal.reason;
	const said = Buffer.from(result.stderr ?? []).toString();
	if (result.timedOut)
		throw new HeadscaleError(`${tried} did not end within ${timeoutMs / 1000} s. ${hanging}`, undefined, 'silent');
	if (result.isMaxBuffer)
		throw new HeadscaleError(`${tried} ${tooMuchPrinted(result.stdout?.length ?? 0, maxOutputBytes)}`);
	if (result.exitCode === 0) return Buffer.from(result.stdout ?? []).toString();
	if (result.exitCode !== undefined)
		throw new CommandFailedError(`${tried} ended with ${result.exitCode}. ${explainSaid(said)}`, said);
	if (result.signal !== undefined)
		throw new HeadscaleError(`${tried} was ended by ${result.signal}, which was not us: is memory short?`);
	throw new HeadscaleError(`${tried} could not be started: ${await explainStart(program, result)}`);
}

/** The command for people: its program, then what we ask; arguments between them may be secret. */
export function describeCommand(command: readonly [string, ...string[]], args: readonly string[]): string {
	return `"${oneLine([command[0], ...(command.length > 1 ? ['…'] : []), ...args.slice(0, 2)].join(' '), 200)}"`;
}

/** Enough for a usage text; a program that goes on complaining is ended. */
const maxErrorBytes = 256 * 1024;

const hanging =
	'headscale does not answer its socket, or what leads there (ssh, kubectl) waits for something: run the command by hand.';

/** Which of the two bounds was met, as a clause. `bytes`: as many as were kept of the output. */
export function tooMuchPrinted(bytes: number, maxOutputBytes: number): string {
	if (bytes >= maxOutputBytes)
		return `printed too much: more than ${maxOutputBytes} bytes, so it was not read to its end; raise headscale.max_answer if that is right.`;
	return `printed too much: more than ${maxErrorBytes} bytes of complaints. Run it by hand.`;
}

const complaintSchema = z.object({error: z.string().min(1)});

/** What a failed command said, without keys, and what to do about it. */
export function explainSaid(said: string): string {
	if (said.trim() === '')
		return 'It said nothing, as headscale does with -o json when its configuration or its socket cannot be used: run it by hand without -o json.';
	const complaint = complaintSchema.safeParse(tryJson(said));
	const words = complaint.success ? complaint.data.error : said;
	const advice = advices.find(([pattern]) => pattern.test(words))?.[1] ?? '';
	return `It said: "${oneLine(withoutKeys(words), 300)}".${advice}`;
}

const advices: readonly [RegExp, string][] = [
	[/config file/i, ' Name the right file behind -c in headscale.cli.command.'],
	[/permission denied/i, ' May the user that tailprobe runs as use this, such as the unix_socket of headscale?'],
	[
		/deadline exceeded|connection refused|no such file/i,
		' Does headscale run, and does the configuration named in headscale.cli.command lead to its unix_socket?',
	],
	[/unknown (command|flag|shorthand)/i, ' Is this the command line of headscale, of the version that its server has?'],
];

/** Keys of headscale: `hskey-…` since 0.28; before, 48 hexadecimal digits, and `PREFIX.SECRET` for the API. */
function withoutKeys(text: string): string {
	return text.replace(/hskey-[\w-]+|\b[0-9a-f]{40,}\b|[\w-]{5,}\.[\w-]{30,}/gi, '<redacted>');
}

async function explainStart(
	program: string,
	{code, cause}: {code?: string | undefined; cause?: unknown},
): Promise<string> {
	const isBare = !program.includes('/');
	// For a bare name the system says EACCES also where a directory of PATH may not be entered, whether it is there or not.
	const {file, hidden} = isBare && code === 'EACCES' ? await lookOnPath(program) : {hidden: []};
	const name = oneLine(file ?? program, 100);
	if (isBare && file === undefined && (code === 'ENOENT' || code === 'EACCES')) {
		const unless = hidden.length > 0 ? `, unless it is where its user may not look (${hidden.join(', ')})` : '';
		return `there is no program "${name}" where tailprobe runs${unless}. Install it, give its whole path, or put what leads to it (ssh, kubectl exec) first in headscale.cli.command.`;
	}
	if (code === 'ENOENT') return `there is no file ${name}. Correct headscale.cli.command.`;
	if (code === 'EACCES') return `${name} may not be executed by the user that tailprobe runs as.`;
	return `${messageOf(cause ?? code ?? 'nobody knows why')}. Correct headscale.cli.command.`;
}

/** The first file of this name in the directories of PATH, and those of them (three at most) that may not be entered. */
async function lookOnPath(program: string): Promise<{file?: string; hidden: string[]}> {
	const hidden: string[] = [];
	for (const directory of (process.env.PATH ?? '').split(':').filter(each => each !== '')) {
		try {
			const file = join(directory, program);
			if ((await stat(file)).isFile()) return {file, hidden};
		} catch (error) {
			const isHidden = error instanceof Error && 'code' in error && error.code === 'EACCES';
			if (isHidden && hidden.length < 3) hidden.push(oneLine(directory, 100));
		}
	}
	return {hidden};
}
