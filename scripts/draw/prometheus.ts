/** Asks a Prometheus what the panels ask. */

export interface Series {
	labels: Readonly<Record<string, string>>;
	/** Seconds since 1970, and the value; where there was none, there is no point. */
	points: ReadonlyArray<readonly [at: number, value: number]>;
}

/** Seconds since 1970, and between two points. */
export interface Window {
	start: number;
	end: number;
	step: number;
}

/** The series of a query over a window, or at its end. Throws a sentence with what the server said. */
export async function ask(server: string, expr: string, window: Window, instant: boolean): Promise<Series[]> {
	const url = new URL(`api/v1/${instant ? 'query' : 'query_range'}`, server.endsWith('/') ? server : `${server}/`);
	const asked = instant ? {time: window.end} : window;
	const body = new URLSearchParams({query: expr, ...mapValues(asked, String)});
	const response = await fetch(url, {method: 'POST', body, signal: AbortSignal.timeout(30_000)});
	const answer = (await response.json()) as {status: string; error?: string; data?: {result: Result[]}};
	if (answer.data === undefined)
		throw new Error(`${server} did not answer ${expr}: ${answer.error ?? response.status}`);
	return answer.data.result.map(({metric, value, values = value ? [value] : []}) => ({
		labels: metric,
		points: values.map(([at, text]) => [at, Number(text)] as const),
	}));
}

interface Result {
	metric: Record<string, string>;
	value?: [number, string];
	values?: [number, string][];
}

function mapValues(record: object, to: (value: unknown) => string): Record<string, string> {
	return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}
