/** Tests of the page in a real Chromium (`npm run test:browser`): one at a time, as a browser and a lab want both cores. */
export default {
	extensions: ['ts'],
	files: ['test/browser/*.ts'],
	timeout: '3m',
	serial: true,
	concurrency: 1,
	workerThreads: false,
};
