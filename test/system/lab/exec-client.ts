/** A bare client of the Kubernetes API: `node exec-client.ts KUBECONFIG NAMESPACE POD COMMAND…` prints, as JSON, what came of an exec. */

import {PassThrough} from 'node:stream';
import {text} from 'node:stream/consumers';
import {setTimeout as wait} from 'node:timers/promises';
import {Exec, KubeConfig, type V1Status} from '@kubernetes/client-node';

/** What came of an exec. */
export interface ExecAnswer {
	stdout: string;
	/** The last frame of the stream; absent where none came. */
	status?: V1Status;
	/** Why there was no stream; `silence` where nothing came in three seconds. */
	refused?: string;
}

const [file = '', namespace = '', pod = '', ...command] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(file);
const [stdout, stderr] = [new PassThrough(), new PassThrough()];
const said = text(stdout);

const ended = new Promise<Omit<ExecAnswer, 'stdout'>>(resolve => {
	new Exec(config)
		.exec(namespace, pod, 'main', command, stdout, stderr, null, false, status => resolve({status}))
		.then(
			socket => socket.addEventListener('close', () => resolve({})),
			(error: Error) => resolve({refused: error.message}),
		);
});
const answer = await Promise.race([ended, wait(3000, {refused: 'silence'})]);
stdout.end();
const whole: ExecAnswer = {stdout: await said, ...answer};
process.stdout.write(JSON.stringify(whole), () => process.exit());
