/** All paths, in the order in which documentation lists them. */

import {checkHistoryRoute} from './check-history.ts';
import {checksRoute} from './checks.ts';
import {healthyRoute} from './healthy.ts';
import {indexRoute} from './index.ts';
import {metricsRoute} from './metrics.ts';
import {metricsHeadscaleRoute} from './metrics-headscale.ts';
import {nodesRoute} from './nodes.ts';
import {faviconRoute, pageCssRoute, pageJsRoute} from './page-files.ts';
import {probeRoute} from './probe.ts';
import {readyRoute} from './ready.ts';
import {reloadRoute} from './reload.ts';
import {statusRoute} from './status.ts';
import type {MakeRoute} from './types.ts';
import {vantagesRoute} from './vantages.ts';

export const routes: readonly MakeRoute[] = [
	metricsRoute,
	metricsHeadscaleRoute,
	probeRoute,
	statusRoute,
	nodesRoute,
	vantagesRoute,
	checksRoute,
	checkHistoryRoute,
	healthyRoute,
	readyRoute,
	reloadRoute,
	indexRoute,
	pageJsRoute,
	pageCssRoute,
	faviconRoute,
];
