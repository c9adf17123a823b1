/** What came of a fault: the alerts that fired, the messages that were sent, and what was left. */

import {until} from '../../../helpers/until.ts';
import {type Alerting, hastenedReceiver, type Notification} from './alerting.ts';

/** An alert that fired. */
export interface FiredAlert {
	alert: string;
	severity: string;
	/** Its copy that is ten times as quick fired. */
	hastened: boolean;
	/** All but those above. */
	labels: Readonly<Record<string, string>>;
	/** Seconds from the fault to the evaluation at which it fired. */
	afterSeconds: number;
	/** It fired until the fault was healed, or longer. */
	stood: boolean;
}

/** A message, with seconds since the fault. */
export type TimedNotification = Notification & {afterSeconds: number};

/** What came of a fault. */
export interface Outcome {
	/** While all was well, before. */
	firedInHealth: readonly FiredAlert[];
	/** From the fault until all was resolved, each once, by the time at which it fired first. */
	fired: readonly FiredAlert[];
	/** What Alertmanager had at the end of the fault. */
	standing: ReadonlyArray<{labels: Readonly<Record<string, string>>; muted: boolean}>;
	/** Messages of that time. */
	notified: readonly TimedNotification[];
	/** From healing to the last evaluation at which something still fired. */
	stoodSeconds: number;
	/** Alerts of which a message said that they fire, and none that they do not. */
	unresolved: readonly string[];
}

/** Times in milliseconds since 1970. */
export interface Moments {
	startedAt: number;
	brokenAt: number;
	healedAt: number;
	/** What Alertmanager had just before healing. */
	standing: Outcome['standing'];
}

/** Alerts that always fire, and the one that is true here for a reason of its own: many labs share two cores. */
const always: readonly string[] = ['TailprobeWatchdog', 'TailprobeStarved'];
/** Between two evaluations of the rules, and some more. */
const evaluationMs = 20_000;
/** Receivers that are not told when something is over, and that of copies, which may be quicker than what mutes them. */
const untold: readonly string[] = ['chat', 'dead-mans-switch', hastenedReceiver];

/** Reads what came of the fault in one cluster. */
export async function readOutcome(
	alerting: Alerting,
	cluster: string,
	{startedAt, brokenAt, healedAt, standing}: Moments,
): Promise<Outcome> {
	const isOwn = (labels: Readonly<Record<string, string>>) => labels.cluster === cluster;
	const notified = (await alerting.notifications())
		.filter(({at, groupLabels}) => at >= brokenAt && isOwn(groupLabels))
		.map(one => ({
			...one,
			alerts: one.alerts.filter(({labels}) => !always.includes(labels.alertname ?? '')),
			afterSeconds: (one.at - brokenAt) / 1000,
		}))
		.filter(({alerts}) => alerts.length > 0);
	const fired = await firedBetween(alerting, cluster, {fromMs: brokenAt, toMs: Date.now(), healedAt});
	return {
		firedInHealth: await firedBetween(alerting, cluster, {fromMs: startedAt, toMs: brokenAt, healedAt}),
		fired,
		standing: standing.filter(({labels}) => isOwn(labels)),
		notified,
		stoodSeconds: Math.max(0, ...fired.map(({lastAt}) => lastAt - healedAt / 1000)),
		unresolved: unresolvedIn(notified),
	};
}

/**
 * Resolves when nothing fires any more and everybody was told so (but of those `unclosed`), or after the limit: what is left then,
 * the outcome tells.
 */
export async function awaitResolved(
	alerting: Alerting,
	limitSeconds: number,
	unclosed: readonly string[] = [],
): Promise<void> {
	const isOver = async () => {
		const firing = await alerting.query(`ALERTS{alertstate="firing",hastened="",alertname!~"${always.join('|')}"}`);
		const open = unresolvedIn(await alerting.notifications());
		return firing.length === 0 && open.every(one => unclosed.some(name => one.includes(`"${name}"`)));
	};
	await until(isOver, limitSeconds * 1000, 5000).catch(() => {});
}

/** Each alert once that fired between two times (milliseconds since 1970), but for those that always do. */
async function firedBetween(
	alerting: Alerting,
	cluster: string,
	{fromMs, toMs, healedAt}: {fromMs: number; toMs: number; healedAt: number},
) {
	const seconds = Math.ceil((Date.now() - fromMs) / 1000);
	const found = await alerting.range(`ALERTS{alertstate="firing",cluster="${cluster}"}[${seconds}s]`);
	return found
		.flatMap(({labels: {__name__, alertstate, alertname = '', severity = '', hastened, ...labels}, values}) => {
			const times = values.map(([at]) => at).filter(at => at * 1000 >= fromMs && at * 1000 < toMs);
			const [firstAt] = times;
			const lastAt = times.at(-1);
			if (always.includes(alertname) || firstAt === undefined || lastAt === undefined) return [];
			const afterSeconds = firstAt - fromMs / 1000;
			const stood = lastAt * 1000 >= healedAt - evaluationMs;
			return [{alert: alertname, severity, hastened: hastened !== undefined, labels, afterSeconds, lastAt, stood}];
		})
		.toSorted((one, other) => one.afterSeconds - other.afterSeconds);
}

/** Alerts, as `receiver labels`, whose last message says that they fire, at receivers that are told of the end. */
function unresolvedIn(notifications: readonly Notification[]): string[] {
	const last = new Map<string, string>();
	for (const {receiver, alerts} of notifications)
		for (const {status, labels} of alerts)
			if (!untold.includes(receiver) && !always.includes(labels.alertname ?? ''))
				last.set(`${receiver} ${JSON.stringify(labels)}`, status);
	return [...last].filter(([, status]) => status === 'firing').map(([name]) => name);
}
