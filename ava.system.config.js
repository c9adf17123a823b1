/** Tests against the real parts (`npm run test:system`): slow, one file beside another only as the cores allow. */
export default {
	extensions: ['ts'],
	files: ['test/system/*.ts'],
	timeout: '10m',
	// They wait far more than they compute.
	concurrency: 3,
	workerThreads: false,
};
