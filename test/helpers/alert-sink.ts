/** Where a real Alertmanager sends its notifications in tests: every receiver of the example, told apart by its path. */

import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {z} from 'zod';

const notificationSchema = z.object({
	status: z.enum(['firing', 'resolved']),
	receiver: z.string(),
	groupLabels: z.record(z.string(), z.string()),
	alerts: z.array(z.object({status: z.enum(['firing', 'resolved']), labels: z.record(z.string(), z.string())})),
});

/** One notification as a webhook gets it: what a person would be told at once. */
export type Notification = z.output<typeof notificationSchema>;

/** A running sink. */
export interface AlertSink {
	/** Receivers send to `${url}/NAME`. */
	url: string;
	/** What came, in order. */
	notifications: readonly Notification[];
	stop(): void;
}

/** Listens on 127.0.0.1, on a free port. */
export async function startAlertSink(): Promise<AlertSink> {
	const notifications: Notification[] = [];
	const server = createServer((request, response) => {
		let body = '';
		request.setEncoding('utf8').on('data', (data: string) => {
			body += data;
		});
		request.on('end', () => {
			notifications.push(notificationSchema.parse(JSON.parse(body)));
			response.end();
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		notifications,
		stop: () => {
			server.closeAllConnections();
			server.close();
		},
	};
}
