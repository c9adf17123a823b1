/** When an address answered last: one that worked a moment ago is right, so a failure now has another cause. */

export interface Answered {
	/** An answer came from there, whatever it was. */
	note(url: URL): void;
	/** `19:22:41 UTC`, with the day when it is another one; undefined when it never answered. */
	until(url: URL): string | undefined;
}

/** `wall`: milliseconds since 1970. */
export function rememberAnswers(wall: () => number = Date.now): Answered {
	const lastAt = new Map<string, number>();
	return {
		note: url => void lastAt.set(url.origin, wall()),
		until(url) {
			const at = lastAt.get(url.origin);
			if (at === undefined) return undefined;
			const iso = new Date(at).toISOString();
			const sameDay = iso.slice(0, 10) === new Date(wall()).toISOString().slice(0, 10);
			return `${sameDay ? '' : `${iso.slice(0, 10)} `}${iso.slice(11, 19)} UTC`;
		},
	};
}
