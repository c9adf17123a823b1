/** All kinds of vantages. */

import type {VantageConfig} from '../config/types.ts';
import {createLocalVantage, type LocalVantageOptions} from './local.ts';
import type {Vantage} from './types.ts';

/** What every kind is given besides its own configuration. */
export type VantageContext = LocalVantageOptions;

const kinds: Record<VantageConfig['type'], (context: VantageContext) => Vantage> = {
	local: createLocalVantage,
};

/** Starts a vantage of the configured kind. */
export function createVantage(config: VantageConfig, context: VantageContext): Vantage {
	return kinds[config.type](context);
}
