/** Chores at times of the calendar, as cron lines name them; passed in, so that tests call them by hand. */

import cron from 'node-cron';

export interface Calendar {
	/** Calls at each time that the line names, on the clock of the machine; the answer ends that. */
	schedule(line: string, call: () => void): () => void;
	/** The longest time between two calls, in milliseconds, as far as can be foreseen. */
	longestGapMs(line: string): number;
}

/** Whether it is a cron line of five fields, so that nothing is called more often than every minute. */
export function isCronLine(text: string): boolean {
	return /^\S+( +\S+){4}$/.test(text) && cron.validate(text);
}

export const systemCalendar: Calendar = {
	schedule(line, call) {
		// A call that comes late is still wanted, and lateness has its own metric.
		const task = cron.schedule(line, call, {missedExecutionTolerance: 30_000, suppressMissedWarning: true});
		return () => {
			void task.destroy();
		};
	},
	longestGapMs(line) {
		const task = cron.createTask(line, () => {});
		const times = task.getNextRuns(runsForeseen).map(date => date.getTime());
		void task.destroy();
		return Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? time)));
	},
};

/** Covers every gap of lines that repeat within a day or a week. */
const runsForeseen = 64;
