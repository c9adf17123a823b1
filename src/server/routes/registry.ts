/** All paths, in the order in which documentation lists them. */

import {checkHistoryRoute} from './check-history.ts';
import {checksRoute} from './checks.ts';
import {diagnoseNowRoute} from './diagnose-now.ts';
import {healthyRoute} from './healthy.ts';
import {incidentsRoute} from './incidents.ts';
import {indexRoute} from './index.ts';
import {metricsRoute} from './metrics.ts';
import {metricsHeadscaleRoute} from './metrics-headscale.ts';
import {metricsTailscaledRoute} from './metrics-tailscaled.ts';
import {nodesRoute} from './nodes.ts';
import {openapiRoute} from './openapi.ts';
import {faviconRoute, pageCssRoute, pageJsRoute} from './page-files.ts';
import {askCheckRoute, askNodeRoute, checkPageRoute, nodePageRoute} from './pages.ts';
import {poolsRoute} from './pools.ts';
import {probeRoute} from './probe.ts';
import {probeNowRoute} from './probe-now.ts';
import {probePageRoute} from './probe-page.ts';
import {readyRoute} from './ready.ts';
import {reloadRoute} from './reload.ts';
import {sdNodesRoute} from './sd-nodes.ts';
import {statusRoute} from './status.ts';
import type {MakeRoute} from './types.ts';
import {vantagesRoute} from './vantages.ts';

export const routes: readonly MakeRoute[] = [
	metricsRoute,
	metricsHeadscaleRoute,
	metricsTailscaledRoute,
	probeRoute,
	statusRoute,
	nodesRoute,
	vantagesRoute,
	poolsRoute,
	incidentsRoute,
	checksRoute,
	checkHistoryRoute,
	probeNowRoute,
	diagnoseNowRoute,
	openapiRoute,
	sdNodesRoute,
	healthyRoute,
	readyRoute,
	reloadRoute,
	indexRoute,
	checkPageRoute,
	askCheckRoute,
	nodePageRoute,
	askNodeRoute,
	probePageRoute,
	pageJsRoute,
	pageCssRoute,
	faviconRoute,
];
