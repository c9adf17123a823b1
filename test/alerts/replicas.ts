/** Two machines of a pool freeze, under all rules at once: two replicas tell what one tells, each alert once, also where the inventory changes hands meanwhile. */

import test from 'ava';
import {scrapes} from '../helpers/alert-cases.ts';
import {type Events, inputSeries, stepSeconds} from '../helpers/alert-world.ts';
import {withHandOvers} from '../helpers/hand-overs.ts';
import {askAfter, hasPromtool} from '../helpers/promtool-queries.ts';

const minutes = 45;
const minute = 60;

/** headscale calls them online for a while, then offline: as ephemeral machines that left the pool. */
const twoFreeze: Events = (seconds, {dead, offline}) => {
	if (seconds < 6 * minute || seconds >= 35 * minute) return;
	for (const peer of ['gpu-1', 'gpu-2']) dead.add(peer);
	if (seconds >= 20 * minute) for (const peer of ['gpu-1', 'gpu-2']) offline.add(peer);
};

/** In health, while alerts fire, and after headscale noticed. */
const handOvers = [3, 14, 17, 23, 29, 39].map(each => each * minute);

const {kept, replicas} = scrapes.operated;
const worlds = [
	{cluster: 'one', events: twoFreeze, replicas: replicas.slice(0, 1)},
	{cluster: 'leased', events: withHandOvers(twoFreeze, handOvers), replicas},
];

const firing = (cluster: string) => `ALERTS{alertstate="firing", alertname!="TailprobeWatchdog", cluster="${cluster}"}`;

/** How often each was evaluated as firing, in one world. */
const times = (cluster: string) =>
	`label_replace(count_over_time(${firing(cluster)}[2h]), "cluster", "", "cluster", "${cluster}")`;

(hasPromtool ? test : test.skip)('two replicas tell of frozen machines what one tells, and each once', async t => {
	t.timeout(300_000);
	const series = worlds.flatMap(({cluster, ...world}) =>
		inputSeries(minutes, world.events, {kept: {...kept, cluster}, replicas: world.replicas}),
	);

	const failure = await askAfter(minutes, series, [
		{
			expr: `group by (alertname, severity) (${times('one')})`,
			samples: [
				{labels: '{alertname="PoolBelowMinimum", severity="critical"}', value: 1},
				...['LinkUnknown', 'ServiceDown', 'TunnelDown', 'VantageGone'].map(name => ({
					labels: `{alertname="${name}", severity="warning"}`,
					value: 1,
				})),
			],
		},
		{expr: `${times('one')} unless ${times('leased')}`, samples: []},
		{expr: `${times('leased')} unless ${times('one')}`, samples: []},
		{expr: `${times('one')} != ${times('leased')}`, samples: []},
		// Times that each began to fire.
		{
			expr: `count_over_time((${firing('leased')} unless ${firing('leased')} offset ${stepSeconds}s)[2h:${stepSeconds}s]) > 1`,
			samples: [],
		},
	]);

	t.is(failure, '');
});
