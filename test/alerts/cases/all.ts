/** Every case of every alert. */

import type {AlertCase} from '../../helpers/alert-cases.ts';
import {budgetCases} from './budgets.ts';
import {certificateCases} from './certificates.ts';
import {controlPlaneCases} from './control-plane.ts';
import {gpuCases} from './gpus.ts';
import {poolCases} from './pools.ts';
import {serviceCases} from './services.ts';
import {tailprobeCases} from './tailprobe.ts';
import {tunnelCases} from './tunnels.ts';

export const allCases: readonly AlertCase[] = [
	...controlPlaneCases,
	...tunnelCases,
	...serviceCases,
	...certificateCases,
	...budgetCases,
	...gpuCases,
	...poolCases,
	...tailprobeCases,
];
