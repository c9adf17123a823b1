/** Tests against the real parts (`npm run test:system`): slow, one file beside another only as the cores allow. */
export default {
	extensions: ['ts'],
	// Some have configurations of their own (ava.system.gpu.config.js, ava.system.alerts.config.js).
	files: [
		'test/system/*.ts',
		'!test/system/{matrix,gpu-faults,alerts-embedded,alerts-tailnet,chart-running,two-replicas}.ts',
	],
	timeout: '10m',
	// They wait far more than they compute.
	concurrency: 3,
	workerThreads: false,
};
