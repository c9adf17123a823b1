/** Signals that end with others and let go of them, where `AbortSignal.any` leaves that to the garbage collector. */

export interface Joined {
	signal: AbortSignal;
	/** Ends it by itself. */
	abort(reason: unknown): void;
	/** To be called when nobody needs it any more: nothing of it is kept by the others. */
	leave(): void;
}

/** A signal that aborts with the first of these, for its reason. */
export function joinSignals(...sources: readonly (AbortSignal | undefined)[]): Joined {
	const controller = new AbortController();
	const links = sources.flatMap(source => {
		if (!source) return [];
		const abort = () => controller.abort(source.reason);
		if (source.aborted) abort();
		source.addEventListener('abort', abort, {once: true});
		return () => source.removeEventListener('abort', abort);
	});
	return {
		signal: controller.signal,
		abort: reason => controller.abort(reason),
		leave() {
			for (const unlink of links) unlink();
		},
	};
}
