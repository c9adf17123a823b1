import test from 'ava';
import {incidentCollector} from '../../src/collectors/incidents.ts';
import {causes} from '../../src/diagnosis/causes/registry.ts';
import {noIncidents} from '../../src/diagnosis/incident-tally.ts';
import {checkRows, collect} from '../helpers/samples.ts';

test('its rows keep to the rules, and ids of causes are one word each', t => {
	checkRows(t, incidentCollector);
	t.deepEqual(
		causes.filter(({id}) => !/^[a-z0-9-]+$/.test(id)),
		[],
	);
});

test('incidents are told by cause, their links by cause and node; without any nothing is', t => {
	const tally = {
		causes: [{cause: 'service-refused', incidents: 2}],
		links: [
			{cause: 'service-refused', peer: 'june-gpu-1', links: 3},
			{cause: 'service-refused', peer: '', links: 1},
		],
	};

	t.deepEqual(collect(t, incidentCollector, tally, 0), [
		'tailprobe_incident_links{cause="service-refused",peer=""} 1',
		'tailprobe_incident_links{cause="service-refused",peer="june-gpu-1"} 3',
		'tailprobe_incidents{cause="service-refused"} 2',
	]);
	t.deepEqual(collect(t, incidentCollector, noIncidents, 0), []);
});
