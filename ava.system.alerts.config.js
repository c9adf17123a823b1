import system from './ava.system.config.js';

/**
 * The files of `npm run test:system` that start whole platforms: what pages under a real Alertmanager, and the chart's pods. They wait
 * for minutes and compute for seconds, but beside more than one other they would be late and call that a fault.
 */
export default {
	...system,
	files: ['test/system/{alerts-embedded,alerts-tailnet,chart-running,two-replicas}.ts'],
	timeout: '30m',
	concurrency: 2,
};
