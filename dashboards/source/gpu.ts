/** GPU: the rented machines from vast.ai to nvidia-smi, pools and money, the GPUs, and what Kubernetes says of them. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {BigValueColorMode, BigValueTextMode} from '@grafana/grafana-foundation-sdk/common';
import type {Dashboard, Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {reachColours} from './coloured.ts';
import {dashboard} from './dashboard.ts';
import {gpuPanels} from './gpus.ts';
import {kubernetesPanels} from './kubernetes.ts';
import {runbook} from './links.ts';
import {bad, good, noneIsGood, steps, warning} from './looks.ts';
import {machinesTable} from './machines.ts';
import {heatmap, lines, stat} from './panels.ts';
import {gauge, grownBy, series} from './series.ts';
import {buckets, now, overTime} from './targets.ts';
import {chosen, labelVariable} from './variables.ts';

const pool = chosen('pool');
const price = 'tailprobe_vast_price_dollars_per_hour';
const wasted = 'reach=~"never_joined|left|offline"';

const answers: ReadonlyArray<Builder<Panel>> = [
	stat({
		title: 'Usable machines to spare',
		description:
			'Usable machines of each pool beyond its minimum. Below 0 the pool cannot carry the voice path; 0 means that the next machine lost is one too many. A machine that nobody could look at is not counted as usable.',
		...{unit: 'none', span: 6, height: 5, color: BigValueColorMode.Background},
		thresholds: steps(bad, [0, good]),
		targets: [now(`${gauge('tailprobe_pool_usable', pool)} - ${gauge('tailprobe_pool_min', pool)}`, '{{pool}}')],
		links: [runbook('PoolBelowMinimum')],
	}),
	stat({
		title: 'Usable GPUs',
		description: 'GPUs that nvidia-smi sees on the usable machines of each pool.',
		...{unit: 'none', span: 4, height: 5, color: BigValueColorMode.Value},
		thresholds: steps(bad, [1, good]),
		targets: [now(gauge('tailprobe_pool_gpus_usable', pool), '{{pool}}')],
	}),
	stat({
		title: 'Paid per hour',
		description: 'What all rented instances cost together while they run, without storage and traffic.',
		...{unit: 'currencyUSD', decimals: 2, span: 4, height: 5, color: BigValueColorMode.None},
		noValue: 'no vast.ai',
		targets: [now(`sum without (reach) (${gauge(price)})`, 'all')],
	}),
	stat({
		title: 'Of it wasted',
		description:
			'What is paid per hour for instances that never joined the tailnet, left it, or whose tunnel is down. Nobody can use those.',
		...{unit: 'currencyUSD', decimals: 2, span: 4, height: 5, color: BigValueColorMode.Background},
		thresholds: steps(good, [0.01, bad]),
		noValue: 'no vast.ai',
		targets: [now(`sum without (reach) (${gauge(price, wasted)})`, 'wasted')],
		links: [runbook('VastMoneyWasted'), runbook('VastInstanceUnreachable')],
	}),
	stat({
		title: 'GPUs lost or unseen',
		description:
			'GPUs that nvidia-smi names and cannot reach any more, and those that should answer on a machine and do not. A lost GPU needs a reset of the machine, or another machine.',
		...{unit: 'none', span: 6, height: 5, color: BigValueColorMode.Background},
		thresholds: noneIsGood,
		targets: [
			now(`sum without (vantage) (${gauge('tailprobe_gpu_lost', chosen('vantage'))})`, 'lost', 'A'),
			now(
				`sum without (vantage) (clamp_min(${gauge('tailprobe_gpu_expected', chosen('vantage'))} - ${gauge('tailprobe_gpu_visible', chosen('vantage'))}, 0))`,
				'unseen',
				'B',
			),
		],
		links: [runbook('GpuMissing')],
	}),
];

const poolsAndMoney: ReadonlyArray<Builder<Panel>> = [
	lines({
		title: 'Members of pools',
		description:
			'Members of each pool by state, against the minimum that must be usable. `unknown` means that nobody could look, for example while a vantage is away.',
		...{unit: 'none', decimals: 0, min: 0, span: 12, height: 8},
		targets: [
			overTime(gauge('tailprobe_pool_members', pool), '{{pool}} {{state}}', 'A'),
			overTime(gauge('tailprobe_pool_min', pool), '{{pool}} minimum', 'B'),
		],
	}),
	lines({
		title: 'Dollars per hour by whether they buy something',
		description:
			'Price of the instances that are paid for: reachable ones have a tunnel that is up; joining ones are within the grace after renting; never_joined, left and offline ones are paid for in vain. The height of the stack is the whole price.',
		...{unit: 'currencyUSD', min: 0, span: 12, height: 8, stacked: true},
		targets: [overTime(`${gauge(price)} > 0`, '{{reach}}')],
		overrides: reachColours,
		noValue: 'vast.ai is not configured',
	}),
	lines({
		title: 'What does not fit between vast.ai, Kubernetes and the tailnet',
		description:
			'Mismatches by kind: an instance without a node, a node whose instance is gone, a pod without a machine. Each stays for a moment while a machine comes or goes; one that stays longer needs a look at the table above.',
		...{unit: 'none', decimals: 0, min: 0, span: 8, height: 8},
		targets: [overTime(gauge('tailprobe_vast_mismatches'), '{{kind}}')],
		links: [runbook('VastMismatch')],
	}),
	heatmap({
		title: 'From renting to the tailnet',
		description:
			'How long machines took from renting at vast.ai until their node was in the tailnet: each machine shows for the minute or more after it joined. Long times are slow image downloads or a host that is slow to start.',
		...{unit: 's', span: 8, height: 8},
		targets: [buckets(`sum by (le) (${grownBy('tailprobe_pool_time_to_joined_seconds_bucket', pool)})`)],
	}),
	heatmap({
		title: 'From renting to serving',
		description:
			'How long machines took from renting until they were usable for the first time; each shows for the minute or more after that. What this takes longer than joining is spent on loading models.',
		...{unit: 's', span: 8, height: 8},
		targets: [buckets(`sum by (le) (${grownBy('tailprobe_pool_time_to_serving_seconds_bucket', pool)})`)],
	}),
	stat({
		title: 'Instances by status',
		description: 'What vast.ai says of the containers of the instances. `unknown` means that the host is silent.',
		...{unit: 'none', span: 12, height: 4, color: BigValueColorMode.Value},
		text: BigValueTextMode.ValueAndName,
		noValue: 'no vast.ai',
		targets: [now(`${gauge('tailprobe_vast_instances')} > 0`, '{{status}}')],
	}),
	stat({
		title: 'First instance ends',
		description:
			'Time until the host of an instance takes the machine back. It and what runs on it are lost then: rent another one before.',
		...{unit: 's', span: 6, height: 4, color: BigValueColorMode.Value},
		thresholds: steps(bad, [86_400, warning], [604_800, good]),
		noValue: 'none ends',
		targets: [
			now(
				`min without (vast_instance, instance, pod) (${series('tailprobe_vast_instance_end_timestamp_seconds')}) - time()`,
				'in',
			),
		],
		links: [runbook('VastInstanceEnding')],
	}),
	stat({
		title: 'Worst host',
		description: 'The lowest reliability of a host, as vast.ai reckons it. Below 0.95 interruptions are common.',
		...{unit: 'percentunit', decimals: 1, span: 6, height: 4, color: BigValueColorMode.Value},
		thresholds: steps(bad, [0.9, warning], [0.95, good]),
		noValue: 'no vast.ai',
		targets: [
			now(
				`min without (vast_instance, instance, pod) (${series('tailprobe_vast_instance_reliability_ratio')})`,
				'reliability',
			),
		],
	}),
];

export const gpu: Dashboard = dashboard({
	uid: 'tailprobe-gpu',
	title: 'GPU',
	description:
		'Can the voice path use its GPU machines, what do they cost, and where between vast.ai, Kubernetes, the tailnet and nvidia-smi does one stop?',
	variables: [
		labelVariable('pool', 'Pool', 'tailprobe_pool_min'),
		labelVariable('peer', 'Machine', 'tailprobe_machine_info', true),
		labelVariable('vantage', 'GPUs of', 'tailprobe_machine_info', true),
	],
	rows: [
		{title: 'Now', panels: answers},
		{title: 'Machines', panels: [machinesTable]},
		{title: 'Pools and money', panels: poolsAndMoney},
		{title: 'GPUs', panels: gpuPanels},
		{title: 'Kubernetes', panels: kubernetesPanels},
	],
});
