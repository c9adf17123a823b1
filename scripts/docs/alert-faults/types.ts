/** A fault, and what must come of it. */

export type Severity = 'critical' | 'warning' | 'info';

/** An alert that must fire. */
export interface FaultAlert {
	alert: string;
	severity: Severity;
	/** Of its labels; every alert that has these is meant. */
	labels: Readonly<Record<string, string>>;
	/** It fires, and nobody is told: another one says it. */
	muted?: true;
}

/** A fault, and what comes of it: nothing but this. */
export interface AlertFault {
	id: string;
	/** What happens, one line. */
	says: string;
	/** `embedded`: tailprobe's own lab. `real`: headscale and tailscaled. */
	lab: 'embedded' | 'real';
	/** Faults of the embedded lab (src/lab/faults.ts). */
	broken: readonly string[];
	fires: readonly FaultAlert[];
	/** How many messages each receiver of the example gets, not counting those that say that it is over. */
	messages: {page?: number; ticket?: number; chat?: number};
	/** Alerts whose end nobody is told, as they ended while nobody looked. */
	unclosed?: readonly string[];
	/** What mends it. */
	heals: string;
}

/** An alert that pages. */
export const page = alertOf('critical');
/** An alert that makes a ticket. */
export const ticket = alertOf('warning');

/** An alert that is told to whoever likes to read it. */
export const remark = alertOf('info');

/** The alert fires, and something else mutes it. */
export function muted(alert: FaultAlert): FaultAlert {
	return {...alert, muted: true};
}

function alertOf(severity: Severity) {
	return (alert: string, labels: Readonly<Record<string, string>> = {}): FaultAlert => ({alert, severity, labels});
}
