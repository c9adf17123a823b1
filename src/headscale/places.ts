/** Places for the few that may hold much memory at a time. */

export interface Places {
	/** A claim: `taken` waits for a place in the order of asking, once; `leave` gives it back, if there is one, and is called at the end. */
	take(signal: AbortSignal): {taken(): Promise<void>; leave(): void};
}

/** `taken` rejects with the signal's reason. */
export function createPlaces(count: number): Places {
	const waiting = new Set<() => void>();
	let free = count;
	const handOn = () => {
		const [next] = waiting;
		if (next) {
			waiting.delete(next);
			next();
		} else free++;
	};

	return {
		take(signal) {
			let has = false;
			return {
				async taken() {
					if (has) return;
					signal.throwIfAborted();
					if (free > 0) free--;
					else await inLine(waiting, signal);
					has = true;
				},
				leave() {
					if (has) handOn();
					has = false;
				},
			};
		},
	};
}

function inLine(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const come = () => {
			signal.removeEventListener('abort', go);
			resolve();
		};
		const go = () => {
			waiting.delete(come);
			reject(signal.reason);
		};
		waiting.add(come);
		signal.addEventListener('abort', go, {once: true});
	});
}
