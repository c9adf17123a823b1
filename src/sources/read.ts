/** Reading another system over and over: what is known of one thing that is read, after each try. */

/** Why a read failed, where all reads of the same system would fail so: no answer came at all, or one with such a status. */
export type Failure = 'unanswered' | `status ${number}`;

/**
 * What a failed read met with, where that can be told: its name was not resolved; the connection was refused, or none came about; it was
 * made and no (whole) answer came in time, or it was closed; the certificate is not to be trusted; the key was turned away; something
 * else answered than what was asked for.
 */
export type Obstacle =
	| 'unresolved'
	| 'refused'
	| 'unreachable'
	| 'silent'
	| 'closed'
	| 'certificate'
	| 'unauthorized'
	| 'foreign';

/** One kind of read: when it was tried, and what it brought. */
export interface Read<T> {
	/** Milliseconds since 1970 of the last try; undefined: not tried yet. */
	triedAt?: number;
	/** Milliseconds since 1970 of the last success. */
	succeededAt?: number;
	/** Seconds of the last try. */
	seconds?: number;
	/** Sentence of the last try when it failed. */
	error?: string;
	/** Absent also where the failure is of this read alone. */
	failure?: Failure;
	/** Absent where it succeeded, and where that is not known. */
	obstacle?: Obstacle;
	/** Milliseconds since 1970 of the first try of those that failed in a row until now. */
	failingSince?: number;
	/** Value of the last success; still there after a later failure (judge its age by `succeededAt`). */
	value?: T;
}

/** What a try brought: a value, or undefined where there is no such thing; or a sentence. */
export type Brought<T> =
	| {value: T | undefined}
	| {error: string; failure?: Failure | undefined; obstacle?: Obstacle | undefined};

/** When a try began and ended, in milliseconds since 1970, and how long it took. */
export interface TryTimes {
	triedAt: number;
	endedAt: number;
	seconds: number;
}

/** What is known after one more try: a failure leaves the value of the last success as it is. */
export function afterTry<T>(before: Read<T>, {triedAt, endedAt, seconds}: TryTimes, brought: Brought<T>): Read<T> {
	if ('error' in brought) {
		const {value, succeededAt, failingSince = triedAt} = before;
		const {error, failure, obstacle} = brought;
		return {
			triedAt,
			seconds,
			error,
			failingSince,
			...(succeededAt === undefined ? {} : {succeededAt}),
			...(value === undefined ? {} : {value}),
			...(failure === undefined ? {} : {failure}),
			...(obstacle === undefined ? {} : {obstacle}),
		};
	}
	const {value} = brought;
	return {triedAt, seconds, succeededAt: endedAt, ...(value === undefined ? {} : {value})};
}

/** The value, unless its last success is more than three intervals old. */
export function freshValue<T>(read: Read<T>, intervalMs: number, nowMs: number): T | undefined {
	return isFresh(read.succeededAt, intervalMs, nowMs) ? read.value : undefined;
}

/** Whether something that happens every interval has happened within the last three. */
export function isFresh(atMs: number | undefined, intervalMs: number, nowMs: number): boolean {
	return atMs !== undefined && nowMs - atMs <= 3 * intervalMs;
}
