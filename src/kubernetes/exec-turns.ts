/** Who may exec now: a bounded number at a time, and one for each container. */

export interface ExecTurns {
	/** Resolves with what gives the turn back, in the order of asking as far as the containers allow; rejects when the signal aborts. */
	take(container: string, signal: AbortSignal): Promise<() => void>;
}

/** Makes turns of which none is taken. */
export function createExecTurns(atATime: number): ExecTurns {
	const busy = new Set<string>();
	const waiting = new Set<{container: string; start(): void}>();

	return {
		take(container, signal) {
			return new Promise((resolve, reject) => {
				if (signal.aborted) return reject(signal.reason);
				const entry = {
					container,
					start() {
						signal.removeEventListener('abort', abort);
						resolve(once(() => giveBack(container)));
					},
				};
				const abort = () => {
					waiting.delete(entry);
					reject(signal.reason);
				};
				signal.addEventListener('abort', abort, {once: true});
				waiting.add(entry);
				startWaiting();
			});
		},
	};

	function giveBack(container: string): void {
		busy.delete(container);
		startWaiting();
	}

	function startWaiting(): void {
		for (const entry of waiting) {
			if (busy.size >= atATime) return;
			if (busy.has(entry.container)) continue;
			busy.add(entry.container);
			waiting.delete(entry);
			entry.start();
		}
	}
}

function once(work: () => void): () => void {
	let done = false;
	return () => {
		if (done) return;
		done = true;
		work();
	};
}
