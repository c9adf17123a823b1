/** Keeps this thread busy for so long, as other work of the process would. */
export function holdThread(durationMs: number): void {
	const until = performance.now() + durationMs;
	while (performance.now() < until);
}
