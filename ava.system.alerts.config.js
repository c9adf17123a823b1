import system from './ava.system.config.js';

/** The files of `npm run test:system` that watch what pages: many labs and several tailnets at once, which are too much beside others. */
export default {...system, files: ['test/system/alerts-*.ts'], timeout: '30m', concurrency: 1};
