/** The page's script: fetches the page again and swaps <main>, and says so when the answers stop. */

export const pageScript = `'use strict';
{
	const everyMs = 5000;
	const stale = document.getElementById('stale');
	const news = document.getElementById('news');
	const refreshes = document.querySelector('main[data-refresh]') !== null;
	let answeredAt = new Date();

	async function refresh() {
		if (document.hidden || !refreshes) return;
		try {
			const response = await fetch(location.pathname + location.search, {cache: 'no-store', signal: AbortSignal.timeout(10000)});
			// What is gone has a page too, which says so.
			if (!response.ok && response.status !== 404) throw new Error('status ' + response.status);
			const newer = new DOMParser().parseFromString(await response.text(), 'text/html');
			const main = newer.querySelector('main');
			if (!main) throw new Error('not a page of tailprobe');
			answeredAt = new Date();
			if (document.title !== newer.title) news.textContent = newer.title;
			document.title = newer.title;
			stale.hidden = true;
			swap(main);
		} catch {
			stale.textContent = 'tailprobe does not answer. This is what it said at ' + answeredAt.toISOString().slice(11, 19) + ' UTC.';
			stale.hidden = false;
		}
	}

	function swap(newer) {
		const main = document.querySelector('main');
		if (isReading(main)) return;
		const focus = selectorOf(document.activeElement, main);
		const scrolled = [...main.querySelectorAll('.scroll')].map(area => [area.id, area.scrollLeft]);
		const opened = [...main.querySelectorAll('details[open]')].map(({id}) => id);
		const [x, y] = [scrollX, scrollY];
		main.replaceChildren(...newer.childNodes);
		for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
		for (const [id, left] of scrolled) {
			const area = document.getElementById(id);
			if (area) area.scrollLeft = left;
		}
		if (focus) main.querySelector(focus)?.focus({preventScroll: true});
		scrollTo(x, y);
	}

	// What somebody marked stays as it is; a command that is marked whole is marked again.
	function isReading(main) {
		const selection = getSelection();
		if (!selection || selection.isCollapsed || !main.contains(selection.anchorNode)) return false;
		const focused = document.activeElement;
		return !(focused?.matches('.command') && selection.toString() === focused.textContent);
	}

	function selectorOf(element, main) {
		if (!element || element === main || !main.contains(element)) return undefined;
		if (element.id) return '#' + CSS.escape(element.id);
		const holder = element.closest('details[id]');
		if (element.matches('summary') && holder) return '#' + CSS.escape(holder.id) + ' > summary';
		const link = element.getAttribute('href');
		return link ? 'a[href="' + CSS.escape(link) + '"]' : undefined;
	}

	document.addEventListener('focusin', ({target}) => {
		if (target.matches('.command')) getSelection()?.selectAllChildren(target);
	});
	// What stays selected would keep the page from being swapped.
	document.addEventListener('focusout', ({target}) => {
		if (target.matches('.command')) getSelection()?.removeAllRanges();
	});

	async function follow() {
		await refresh();
		setTimeout(follow, everyMs);
	}
	setTimeout(follow, everyMs);
	document.addEventListener('visibilitychange', refresh);
}
`;
