import system from './ava.system.config.js';

/** The files of `npm run test:system` that look by three ways at once: beside others two cores are too few, and what they look at truly times out. */
export default {...system, files: ['test/system/matrix.ts', 'test/system/gpu-faults.ts'], concurrency: 1};
