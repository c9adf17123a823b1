/** Not every change is worth a look. */

/** Calls at once, then at most once in so many milliseconds. */
export function throttle(call: () => void, pauseMs: number): {call(): void; stop(): void} {
	let timer: NodeJS.Timeout | undefined;
	let isDue = false;
	const run = () => {
		timer = undefined;
		if (isDue) begin();
	};
	const begin = () => {
		isDue = false;
		timer = setTimeout(run, pauseMs);
		call();
	};
	return {
		call() {
			if (timer) isDue = true;
			else begin();
		},
		stop: () => clearTimeout(timer),
	};
}
