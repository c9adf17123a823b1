/** How queries name series: every one is confined to what the variables of the dashboard chose. */

const ofJob = 'job=~"$job|"';

/** Series of tailprobe, confined to the chosen cluster, job and instance; `matchers` are PromQL, such as `vantage=~"$vantage"`. */
export function series(metric: string, ...matchers: readonly string[]): string {
	return selector(metric, ['cluster=~"$cluster"', 'job=~"$job"', 'instance=~"$instance"', ...matchers]);
}

/** Recorded series (`link:…`): all replicas together, so there is no instance to choose. */
export function recorded(record: string, ...matchers: readonly string[]): string {
	return selector(record, ['cluster=~"$cluster"', 'job=~"$job"', ...matchers]);
}

/** Alerts of these rules that fire, of the chosen job or of none: an alert about a job that was never there has no label job. */
export function firing(...matchers: readonly string[]): string {
	return selector('ALERTS', ['monitor="tailprobe"', 'alertstate="firing"', 'cluster=~"$cluster"', ofJob, ...matchers]);
}

/** When the alerts of these rules became active, as seconds since 1970; also those that do not fire yet. */
export function activeSince(...matchers: readonly string[]): string {
	return selector('ALERTS_FOR_STATE', ['monitor="tailprobe"', 'cluster=~"$cluster"', ofJob, ...matchers]);
}

/** A gauge as one of several replicas shows it: two of them do not make two. */
export function gauge(metric: string, ...matchers: readonly string[]): string {
	return `max without (instance, pod) (${series(metric, ...matchers)})`;
}

/** A counter per second as one of several replicas counts it, over the interval that fits the width of the panel. */
export function perSecond(metric: string, ...matchers: readonly string[]): string {
	return `max without (instance, pod) (rate(${series(metric, ...matchers)}[$__rate_interval]))`;
}

/** The same per minute, for what is rare. */
export function perMinute(metric: string, ...matchers: readonly string[]): string {
	return `60 * ${perSecond(metric, ...matchers)}`;
}

/**
 * How much a counter grew in the interval of rates before each point, as one of several replicas counts it. That is no shorter
 * than four scrapes, and longer than a step: what happened once shows in several points.
 */
export function grownBy(metric: string, ...matchers: readonly string[]): string {
	return `max without (instance, pod) (increase(${series(metric, ...matchers)}[$__rate_interval]))`;
}

/** How much a counter grew over a window such as `1h`, as one of several replicas counts it. */
export function grownOver(window: string, metric: string, ...matchers: readonly string[]): string {
	return `max without (instance, pod) (increase(${series(metric, ...matchers)}[${window}]))`;
}

/** How often a gauge changed in the interval of rates before each point, such as a time of start. */
export function changes(metric: string, ...matchers: readonly string[]): string {
	return `max without (instance, pod) (changes(${series(metric, ...matchers)}[$__rate_interval]))`;
}

function selector(name: string, matchers: readonly string[]): string {
	return `${name}{${matchers.join(', ')}}`;
}
